"""The two reports: what stands in the index, held against what stands on disk."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from docs_index.publishing import csv_bytes, publish
from docs_index.store import Store, chunks, sql
from docs_index.survey import Survey
from docs_index.workers import Workers

_CHUNK = 1000


def write_reports(store: Store, survey: Survey, workers: Workers) -> list[Path]:
    """Survey the directories and write both reports; return the files that changed.

    What this run has placed or found right is not read once more.
    """
    store.db.execute(sql("surveyed.sql"))
    looks = workers.map(survey.look, chunks(survey.keys(), _CHUNK))
    directories = (astuple(directory) for look in looks for directory in look)
    _insert(store, "directories", directories)
    unchecked = store.rows("select doc_dir from unchecked order by doc_dir")
    doc_dirs = (doc_dir for (doc_dir,) in unchecked)
    hashes = workers.map(survey.hash, chunks(doc_dirs, _CHUNK))
    _insert(store, "hashes", chain.from_iterable(hashes))
    changed = []
    for name in ("latest", "consistency"):
        path = store.layout.reports / f"documents_{name}_report.csv"
        if publish(path, csv_bytes(store.db.sql(sql(f"{name}_report.sql")))):
            changed.append(path)
    return changed


def _insert(store: Store, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert many rows: through a file, row by row takes DuckDB a millisecond each."""
    with TemporaryDirectory(prefix="docs_index_") as folder:
        path = Path(folder) / f"{table}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(_texts(rows))
        store.db.execute(
            f"insert into {table} from read_csv(?, header = false, delim = ',', "
            f"quote = '\"', escape = '\"', auto_detect = false, columns = "
            f"{_types(store, table)})",
            [str(path)],
        )


def _types(store: Store, table: str) -> str:
    relation = store.db.table(table)
    pairs = zip(relation.columns, relation.types, strict=True)
    return "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in pairs) + "}"


def _texts(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[str]]:
    for row in rows:
        yield ["" if value is None else str(value) for value in row]
