"""Run the build's parser SQL on texts that are in memory.

The parsers are written once, as dbt macros (`macros/parsers`); the model
`parser_sql` keeps the expression they expand to, over columns `parser` and `text`.
"""

import json
from collections.abc import Sequence

import duckdb


class TextParser:
    """A DuckDB of its own that holds nothing but the expression."""

    def __init__(self, expression: str) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 1")
        # As one JSON text: a Python list is handed over at 100 microseconds an item.
        self._query = (
            f"select {expression} from (select unnest(from_json($1, "
            """'[{"parser": "varchar", "text": "varchar"}]'), recursive := true))"""
        )

    def parse(self, texts: Sequence[tuple[str, str]]) -> list[str | None]:
        """Return the parsed text of each (parser, text), None where it has none."""
        if not texts:
            return []
        asked = [{"parser": parser, "text": text} for parser, text in texts]
        rows = self._connection.execute(
            self._query, [json.dumps(asked, ensure_ascii=False)]
        ).fetchall()
        return [parsed for (parsed,) in rows]
