"""The parsers of `macros/parsers`, for texts that no dbt build has seen.

They are written once, in SQL. dbt expands their macros in the model `parser_sql`; here
the same templates are expanded without dbt, so that parsing an answer waits for no
build and no database.
"""

from functools import cache
from pathlib import Path
from threading import Lock

import jinja2

from docs_index.parsing import TextParser

PROJECT = Path(__file__).resolve().parents[3]
_one_at_a_time = Lock()


@cache
def parser_expression() -> str:
    """Return the SQL expression over columns `parser` and `text`."""
    files = [
        path
        for folder in ("duckdb", "parsers")
        for path in sorted((PROJECT / "macros" / folder).glob("*.sql"))
    ]
    macros = "".join(path.read_text(encoding="utf-8") for path in files)
    module = jinja2.Environment().from_string(macros).module
    expression: str = module.parsed_text()  # type: ignore[attr-defined]
    return expression


@cache
def _text_parser() -> TextParser:
    return TextParser(parser_expression())


def parsed(parser: str | None, text: str) -> str | None:
    """Return what a template's parser makes of an answer, None where it cannot."""
    if parser is None:
        return text
    with _one_at_a_time:
        return _text_parser().parse([(parser, text.encode())])[0]
