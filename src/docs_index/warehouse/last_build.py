"""Tell whether the last build is what another one would make, and may keep its tables.

It is if the program, its settings and all that a build reads are the same: the tables
byte for byte, each response file by its signature, and each unusable one by the reason.
What cannot be proved the same counts as changed. Reads only.
"""

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import duckdb

from docs_index.data_roots import TABLES
from docs_index.disk.confined import Folder, UnusableError, file_version, open_file
from docs_index.errors import DocsIndexError
from docs_index.layout import Layout
from docs_index.paths import is_there
from docs_index.quoting import literal
from docs_index.resources import PACKAGE, PROJECT, sql
from docs_index.warehouse.response_facts import facts_version
from docs_index.warehouse.table_files import find_table

_PROJECT = ("models", "macros", "seeds", "tests/dbt")
_SETTINGS = ("dbt_project.yml", "profiles.yml", "selectors.yml")
_DISTRIBUTIONS = ("dbt-core", "dbt-adapters", "dbt-duckdb", "duckdb")
_FETCH = 10_000


def made_by(
    layout: Layout, settings: Mapping[str, object], run_id: str | None = None
) -> str:
    """Return a text that changes with the program, its settings and the data root.

    `settings` are what dbt is given, by the names of its flags; empty ones say nothing.
    `run_id` is that of the build, `RUN_ID` if there is none.
    """
    run_id = run_id or os.environ.get("RUN_ID", "")
    said = [str(layout.root), platform.python_version(), run_id]
    said += [f"{name} {version(name)}" for name in _DISTRIBUTIONS]
    given = {name: value for name, value in settings.items() if value}
    said.append(json.dumps(given, sort_keys=True, default=str))
    digest = hashlib.sha256("\0".join(said).encode(errors="surrogateescape"))
    for path in _program():
        digest.update(f"\0{path}\0".encode(errors="surrogateescape"))
        digest.update(path.read_bytes())
    return digest.hexdigest()


def keeps_build(
    layout: Layout, variables: Mapping[str, object], run_id: str | None
) -> bool:
    """Tell whether `dbt build` with these vars would make what it made last time."""
    made = made_by(layout, {"VARS": variables}, run_id)
    try:
        with duckdb.connect() as database:
            build = literal(str(layout.build))
            database.execute(f"attach {build} as build (read_only)")
            return is_current(database, layout, made)
    except duckdb.Error:
        return False  # missing, damaged or open elsewhere: a build says what is wrong


def _program() -> Iterator[Path]:
    for name in _SETTINGS:
        yield PROJECT / name
    for folder in (*(PROJECT / name for name in _PROJECT), PACKAGE):
        for kind in ("*.sql", "*.yml", "*.csv", "*.py"):
            yield from sorted(folder.rglob(kind))


def is_current(db: duckdb.DuckDBPyConnection, layout: Layout, made: str) -> bool:
    """Tell whether the build that `db` has attached as `build` is current.

    `made` is what `made_by` says of the build that is about to begin.
    """
    try:
        [last] = db.execute(sql("warehouse/last_made.sql")).fetchall()
        status, made_before, expression, max_bytes = last
        if (status, made_before) != ("complete", made) or is_there(layout.histories):
            return False
        tables = db.execute(sql("warehouse/last_tables.sql")).fetchall()
        asked = db.execute(sql("warehouse/last_responses.sql"))
        facts = facts_version(expression)
        return _are_same_tables(layout, tables) and all(
            _is_same(folder, path, cause, signature, facts)
            for folder, path, cause, signature in _in_folders(layout, asked, max_bytes)
        )
    except (duckdb.Error, DocsIndexError, OSError, ValueError):
        return False  # the build itself says what is wrong


def _are_same_tables(
    layout: Layout, tables: Sequence[tuple[str, int | None, str | None]]
) -> bool:
    """Tell whether the tables are those of the build, all at the same moment."""
    listed = {name for name, _, _ in tables}
    for table in TABLES:  # a folder may have another file than before
        if not listed.issuperset(find_table(layout, table, may_be_folder=True).listed):
            return False
    seen = {}
    for name, size, content_hash in tables:
        path = layout.root / name
        if content_hash is None:
            if is_there(path) != name.endswith("/"):  # an empty folder, or nothing
                return False
            continue
        layout.refuse_link_out(path)
        descriptor, status = open_file(path, follow=True)
        with open(descriptor, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if (status.st_size, found) != (size, content_hash):
            return False
        seen[path] = file_version(status)
    return bool(seen) and all(
        file_version(path.stat()) == version for path, version in seen.items()
    )


def _in_folders(
    layout: Layout, asked: duckdb.DuckDBPyConnection, max_bytes: int
) -> Iterator[tuple[Folder, str, str | None, str | None]]:
    """Yield each response file that was asked for, with its opened folder."""
    folders: dict[str, Folder] = {}
    while rows := asked.fetchmany(_FETCH):
        for name, path, cause, signature in rows:
            if name not in folders:
                folders[name] = Folder(f"{layout.root}/{name}", max_bytes)
            yield folders[name], path, cause, signature


def _is_same(
    folder: Folder, path: str, cause: str | None, signature: str | None, facts: str
) -> bool:
    """Tell whether a file is the one that was read, or unusable for the same reason."""
    try:
        if cause is None:
            return f"{folder.signature(path)}:{facts}" == signature
        folder.read(path)
    except UnusableError as error:
        return str(error) == cause
    return False
