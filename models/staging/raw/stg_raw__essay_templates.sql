-- One row per data row of essay_templates.csv that names template and parser.
{{ named_parsers("essay") }}
