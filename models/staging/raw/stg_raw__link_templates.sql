-- One row per data row of link_templates.csv that names template and parser.
{{ named_parsers("link") }}
