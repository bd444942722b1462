"""Write small data roots with a `histories.yml`, and read their tables."""

import gzip
import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from docs_index.layout import Layout
from docs_index.warehouse.histories.tables import open_histories

Row = dict[str, Any]


def write_root(root: Path, sources: str, files: dict[str, str | bytes]) -> Path:
    """Write files and a `histories.yml` with these sources; return the root."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    lines = "\n".join(f"  {line}" for line in sources.strip("\n").splitlines())
    (root / "histories.yml").write_text(f"sources:\n{lines}\n", encoding="utf-8")
    return root


def lines(*records: Any) -> str:
    """Return records as JSON lines; a text is a line as it is."""
    texts = (each if isinstance(each, str) else json.dumps(each) for each in records)
    return "".join(f"{text}\n" for text in texts)


def tables(root: Path, *names: str) -> list[list[Row]]:
    """Return the rows of tables, loaded in this order in one build."""
    opened = open_histories(Layout(root.resolve()))
    with closing(duckdb.connect()) as cursor:
        loaded = []
        for name in names:
            relation = opened.load(cursor, name)
            columns = relation.columns
            rows = relation.fetchall()
            loaded.append([dict(zip(columns, row, strict=True)) for row in rows])
    return loaded


def table(root: Path, name: str) -> list[Row]:
    """Return the rows of one table."""
    [rows] = tables(root, name)
    return rows


def chosen(rows: Sequence[Row], *columns: str) -> list[tuple[Any, ...]]:
    """Return some columns of rows."""
    return [tuple(row[column] for column in columns) for row in rows]


def mapped(root: Path, keys: str, content: str | bytes, name: str) -> list[Row]:
    """Return the mapped rows of one file; `keys` are those of its mapping."""
    write_root(root, f"answers:\n  files: {name}\n{keys}", {name: content})
    return table(root, "mapped_rows")
