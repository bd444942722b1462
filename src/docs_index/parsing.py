"""Run the build's parser SQL on texts that are in memory.

The parsers are written once, as dbt macros (`macros/parsers`); the model
`parser_sql` keeps the expression they expand to, over columns `parser` and `text`.
"""

from collections.abc import Sequence

import duckdb


class TextParser:
    """A DuckDB of its own that holds nothing but the expression."""

    def __init__(self, expression: str) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 1")
        self._query = (
            f"select {expression} from ("
            "select unnest($1::varchar[]) as parser, unnest($2::varchar[]) as text)"
        )

    def parse(self, texts: Sequence[tuple[str, str]]) -> list[str | None]:
        """Return the parsed text of each (parser, text), None where it has none."""
        if not texts:
            return []
        parsers = [parser for parser, _ in texts]
        rows = self._connection.execute(
            self._query, [parsers, [text for _, text in texts]]
        ).fetchall()
        return [parsed for (parsed,) in rows]
