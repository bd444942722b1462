-- One row per data row of evaluation_templates.csv that names template and parser.
{{ named_parsers("evaluation") }}
