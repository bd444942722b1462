"""Fetch from a build of an engine what DuckDB builds the rest of.

Writes a new `build.duckdb` with the tables that the engine made, in the order of their
rows, and with those of the CSV files that it made them of. DuckDB reads them from
Parquet, a row group at a time.
"""

import os
from collections.abc import Mapping

import duckdb

from docs_index.engines.builds import EngineBuild
from docs_index.engines.staging import declared_tables
from docs_index.layout import Layout
from docs_index.quoting import glob_escaped, literal

FETCHED = {
    "int_table_rows__resolved": "write_order",
    "int_attempts__answered": "source_csv, row_index",
    "int_essays__parented": "row_key",
    "link_candidates": "stream, place",
}
"""The tables that are fetched, with the order of their rows."""

UNNEEDED = (
    "int_attempts__streamed",
    "int_attempts__templated",
    "int_drafts__keyed",
    "int_essays__resolved",
    "int_evaluations__resolved",
    "int_evaluations__targeted",
    "int_repairs__judged",
    "int_repairs__matched",
    "int_repairs__refused",
    "int_responses__read",
    "int_responses__wanted",
    "int_rows__classified",
    "int_rows__repaired",
    "int_rows__retimed",
    "int_rows__unioned",
    "int_templates__parsers",
    "stg_cross_experiment__drafts",
    "stg_cross_experiment__essays",
    "stg_cross_experiment__evaluations",
    "stg_cross_experiment__links",
    "stg_cross_experiment__repairs",
    "stg_raw__draft_templates",
    "stg_raw__essay_templates",
    "stg_raw__evaluation_templates",
    "stg_raw__link_templates",
)
"""The models that only those tables are made of."""

MADE_ELSEWHERE = (*FETCHED, *UNNEEDED)
"""The models that DuckDB does not build after an engine."""

_TYPES = {"string": "varchar", "timestamp_ntz": "timestamp", "int": "integer"}

Columns = Mapping[str, str]


def fetch(layout: Layout, build: EngineBuild, tables: Mapping[str, Columns]) -> None:
    """Replace the build's database by one with the fetched tables.

    `tables` has the columns of each, with the engine's names of their types.

    Raises:
        duckdb.Error, OSError: fetching failed; the last build is deleted already.
    """
    path = layout.build
    for old in (path, path.with_name(f"{path.name}.wal")):
        old.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        memory = os.environ.get("DOCS_INDEX_MEMORY", "1GB")
        connection.execute(f"set memory_limit = {literal(memory)}")
        connection.execute(f"set temp_directory = {literal(layout.build_spill)}")
        connection.execute("set force_compression = 'uncompressed'")
        connection.execute("set timezone = 'UTC'")
        for name, columns in tables.items():
            _insert(connection, name, columns, build.query(name))
        for schema, name, _ in declared_tables():
            _insert_source(connection, build, schema, name)
        _insert_source(connection, build, "data_root", "input_files")
        connection.execute("create table engine_build (name text, models text[])")
        made = [build.name, list(MADE_ELSEWHERE)]
        connection.execute("insert into engine_build values (?, ?)", made)


def _insert_source(
    connection: duckdb.DuckDBPyConnection, build: EngineBuild, schema: str, name: str
) -> None:
    """Take over a table that was read for the engine, which nobody reads again."""
    files = glob_escaped(build.sources / name)
    connection.execute(f"create schema if not exists {schema}")
    connection.execute(
        f"create table {schema}.{name} as "
        f"from read_parquet({literal(files + '/*.parquet')})"
    )


def _insert(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: Columns,
    rows: str | None,
) -> None:
    typed = {column: _TYPES.get(kind, kind) for column, kind in columns.items()}
    listed = ", ".join(f"{column} {kind}" for column, kind in typed.items())
    connection.execute(f"create table {name} ({listed})")
    if rows is not None:
        # Instants may come with a time zone, or in nanoseconds.
        cast = (f"cast({column} as {kind})" for column, kind in typed.items())
        connection.execute(
            f"insert into {name} select {', '.join(cast)} from {rows} "
            f"order by {FETCHED[name]}"
        )
