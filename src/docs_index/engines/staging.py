"""Write what an engine reads as Parquet files: the tables, read by the strict reader.

Whatever the engine, a CSV file is read by `warehouse.sources`, so the same files are
refused for the same reasons. Owns the folder `build_{time}_sources`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import yaml

from docs_index.engines.builds import EngineBuild
from docs_index.layout import Layout
from docs_index.resources import PROJECT
from docs_index.warehouse.response_facts import FACTS
from docs_index.warehouse.sources import Sources

_DECLARED = PROJECT / "models" / "staging" / "_sources.yml"
_LAST = "input_files"  # it tells of the others
KNOWN = "known_responses"
_KNOWN_COLUMNS = {"folder": "string", "path": "string", "parser": "string", **FACTS}


def stage(layout: Layout, build: EngineBuild, last: EngineBuild | None) -> list[str]:
    """Write the sources of a build; return the names of the tables.

    `last` is the build whose facts about response files are taken over.

    Raises:
        DocsIndexError: a table is refused, or all of a group are missing.
        OSError, duckdb.Error: reading or writing failed.
    """
    sources = Sources(layout)
    names = []
    with duckdb.connect() as connection:
        for _, name, meta in declared_tables():
            _write(sources.load(connection, meta), build.sources / name)
            names.append(name)
        _write(sources.input_files(connection), build.sources / _LAST)
        _write(connection.sql(_known(last)), build.sources / KNOWN)
    return [*names, _LAST, KNOWN]


def write_assigned(folder: Path, shards: Iterable[Sequence[int]]) -> list[int]:
    """Write which write orders each shard has; return how many, by its number.

    Raises:
        OSError: writing failed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("write_order", pa.int64()), ("shard", pa.int32())])
    counts = []
    with pq.ParquetWriter(folder / "0.parquet", schema) as writer:
        for number, orders in enumerate(shards):
            columns = [orders, [number] * len(orders)]
            writer.write_table(pa.table(columns, schema=schema))
            counts.append(len(orders))
    return counts


def declared_tables() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield schema and name of the tables of CSV files, and what is said of the files.

    They are what `models/staging/_sources.yml` declares.
    """
    for source in yaml.safe_load(_DECLARED.read_text("utf-8"))["sources"]:
        for table in source["tables"]:
            if table["name"] != _LAST:
                meta = source["config"]["meta"] | table["config"]["meta"]
                yield source["name"], table["name"], meta


def _known(last: EngineBuild | None) -> str:
    if last is not None and (answers := last.query("int_responses__read")):
        return f"select {', '.join(_KNOWN_COLUMNS)} from {answers}"
    nothing = (
        f"cast(null as {kind}) as {name}" for name, kind in _KNOWN_COLUMNS.items()
    )
    return f"select {', '.join(nothing)} where false"


def _write(relation: duckdb.DuckDBPyRelation, folder: Path) -> None:
    folder.mkdir(parents=True)
    relation.write_parquet(str(folder / "0.parquet"))
