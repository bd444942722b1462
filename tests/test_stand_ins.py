"""What a build has in place of an index and of a run has their columns and types."""

from pathlib import Path

import duckdb
import yaml
from building import REPOSITORY

from docs_index.index.database import TABLES, create_index
from docs_index.index.schema import index_tables
from docs_index.index.storage import Storage
from docs_index.packs.connecting import load_extension
from docs_index.warehouse.sqlite_extension import attach_index
from docs_index.warehouse.stand_ins import attach_run, attach_stored

Columns = list[tuple[str, str]]


def columns(db: duckdb.DuckDBPyConnection, table: str) -> Columns:
    relation = db.table(table)
    return [
        (name, str(kind).lower())
        for name, kind in zip(relation.columns, relation.types, strict=True)
    ]


_TYPES = {"string": "varchar"}  # the name that all engines know, and DuckDB's own


def described(file: str, source: str) -> dict[str, Columns]:
    found = yaml.safe_load((REPOSITORY / "models" / file).read_text())["sources"]
    [tables] = [each["tables"] for each in found if each["name"] == source]
    return {
        table["name"]: [
            (each["name"], _TYPES.get(each["data_type"], each["data_type"]))
            for each in table["columns"]
        ]
        for table in tables
    }


def test_the_stand_in_for_the_index_has_its_columns_and_types(tmp_path: Path) -> None:
    create_index(tmp_path / "index", Storage())
    with duckdb.connect() as build, duckdb.connect() as run:
        attach_stored(build)
        load_extension(run)
        attach_index(run, tmp_path / "index", read_only=True)
        assert index_tables().keys() == TABLES
        for table in TABLES:
            name = f"stored.{table}"
            assert columns(build, name) == columns(run, name)
        for table, expected in described("marts/_sources.yml", "stored").items():
            assert columns(build, f"stored.{table}") == expected


def test_the_tables_of_a_run_are_those_that_the_project_describes() -> None:
    with duckdb.connect() as db:
        attach_run(db)
        names = "select table_name from duckdb_tables() where database_name = 'run'"
        made = {name for (name,) in db.execute(names).fetchall()}
        expected = described("plan/_sources.yml", "run")
        assert made == expected.keys()
        for table, listed in expected.items():
            assert columns(db, f"run.{table}") == listed
