"""Run the build's parser SQL on texts that are in memory.

The parsers are written once, as dbt macros (`macros/parsers`); the model
`parser_sql` keeps the expression they expand to, over columns `parser` and `text`.
"""

import secrets
from collections.abc import Sequence
from functools import cache
from threading import Lock

import duckdb

from docs_index.resources import rendered, sql

_one_at_a_time = Lock()


class TextParser:
    """A DuckDB of its own that holds nothing but the expression."""

    def __init__(self, expression: str) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 1")
        # It would fold the split of the texts, a constant, into values one by one.
        self._connection.execute("set disabled_optimizers = 'expression_rewriter'")
        self._connection.execute(sql("warehouse/texts_to_parse.sql"))
        self._query = f"select {expression} from texts_to_parse($parsers, $texts, $end)"

    def parse(self, texts: Sequence[tuple[str, bytes]]) -> list[str | None]:
        """Return the parsed text of each (parser, UTF-8), None where it has none."""
        if not texts:
            return []
        separator, joined = _joined([text for _, text in texts])
        parsers = separator.join(parser for parser, _ in texts)
        rows = self._connection.execute(
            self._query, {"parsers": parsers, "texts": joined, "end": separator}
        ).fetchall()
        return [parsed for (parsed,) in rows]


@cache
def parser_of(expression: str) -> TextParser:
    """Return the one parser that this process has for an expression."""
    return TextParser(expression)


@cache
def text_parser() -> TextParser:
    """Return the parser for texts that no build has seen (`make sql` renders it)."""
    return parser_of(rendered("parsed_text.sql"))


def parsed(parser: str | None, text: str) -> str | None:
    """Return what a parser makes of one text, None where it cannot; from any thread."""
    if parser is None:
        return text
    with _one_at_a_time:
        return text_parser().parse([(parser, text.encode())])[0]


def _joined(texts: Sequence[bytes]) -> tuple[str, bytes]:
    """Join texts by a separator that is found between them only; return both.

    Nothing shows it, so it may be random: of what could be foreseen, a text could
    hold every one.
    """
    while True:
        # No part of it looks like its beginning or its end: it never overlaps itself.
        separator = f"\x1e{secrets.token_hex(8)}\x1f"
        joined = separator.encode().join(texts)
        if joined.count(separator.encode()) == len(texts) - 1:
            return separator, joined
