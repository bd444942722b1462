"""Run the build's parser SQL on texts in memory.

The parsers are written once, as dbt macros (`macros/parsers`). The model `parser_sql`
holds the expression that they expand to, over the columns `parser` and `text`. This
module reads and writes no data.
"""

import secrets
from collections.abc import Sequence
from functools import cache
from threading import Lock

import duckdb

from docs_index.resources import rendered, sql

_one_at_a_time = Lock()


class TextParser:
    """A separate DuckDB connection, without tables, that evaluates the expression."""

    def __init__(self, expression: str) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 1")
        # This optimizer would expand the constant list of texts value by value.
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
    """Return this process's only parser for an expression."""
    return TextParser(expression)


@cache
def text_parser() -> TextParser:
    """Return the parser for texts that no build has seen (`make sql` renders it)."""
    return parser_of(rendered("parsed_text.sql"))


def parsed(parser: str | None, text: str) -> str | None:
    """Return the parsed text, None if the parser fails; any thread may call this."""
    if parser is None:
        return text
    with _one_at_a_time:
        return text_parser().parse([(parser, text.encode())])[0]


def _joined(texts: Sequence[bytes]) -> tuple[str, bytes]:
    """Join texts by a separator that occurs in none of them; return both.

    The separator is random, because a text could contain any fixed one. It appears in
    no output.
    """
    while True:
        # Its first and last characters occur nowhere else in it: no overlaps.
        separator = f"\x1e{secrets.token_hex(8)}\x1f"
        joined = separator.encode().join(texts)
        if joined.count(separator.encode()) == len(texts) - 1:
            return separator, joined
