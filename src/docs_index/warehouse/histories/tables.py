"""The columns of the tables that dbt knows as sources of the schema `histories`."""

SOURCES = {
    "source_csv": "varchar",
    "number": "bigint",
    "line": "bigint",
    "tool": "varchar",
    "kind": "varchar",
    "stage": "varchar",
    "parser": "varchar",
    "time_form": "varchar",
    "time_zone": "varchar",
    "success": "varchar",
}
FIELDS = {
    "source_csv": "varchar",
    "field": "varchar",
    "part": "bigint",
    "kind": "varchar",
    "text": "varchar",
    "is_optional": "boolean",
    "accepted": "varchar",
    "value": "varchar",
}
MAPPED_ROWS = {
    "source_csv": "varchar",
    "file": "varchar",
    "file_number": "bigint",
    "place": "bigint",
    "position": "varchar",
    "fault": "varchar",
}
"""Then v1 and so on, one for each path; v1 is always there."""

TOOL_ROWS = {
    "source_csv": "varchar",
    "tool": "varchar",
    "file": "varchar",
    "file_number": "bigint",
    "relation": "varchar",
    "place": "bigint",
    "position": "varchar",
    "row": "varchar",
    "fault": "varchar",
}
FILES = {
    "source_csv": "varchar",
    "file": "varchar",
    "file_number": "bigint",
    "rows": "bigint",
    "size_bytes": "bigint",
    "sha256": "varchar",
}
