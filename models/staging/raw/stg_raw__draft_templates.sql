-- One row per data row of draft_templates.csv that names template and parser.
{{ named_parsers("draft") }}
