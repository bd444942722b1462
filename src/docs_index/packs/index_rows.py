"""The index rows of a data root whose index is in Parquet.

Files in `docs/packs/_documents/` have rows of the table `documents` in the order of
doc_id, and files in `docs/packs/_document_links/` rows of `document_links` in the order
of linked_doc_id: so both are looked up in few row groups. A file counts when the
manifest names it, and is never changed. `place` is the number of a document in the
order of adding, as SQLite's rowid is; the view `documents` calls it so. Contract:
docs/scale.md.
"""

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from docs_index.disk.confined import digest_of
from docs_index.disk.publish import make_folder, sync
from docs_index.errors import IndexRowsError, StorageError
from docs_index.layout import IndexFormat, Layout
from docs_index.packs.connecting import connected
from docs_index.packs.leftovers import DocumentIds
from docs_index.packs.manifest import (
    INDEX_TABLES,
    Shard,
    append_to_manifest,
    file_of,
    look_at_manifest,
    read_index_rows,
    unlisted_index_rows,
    write_index_rows,
)
from docs_index.packs.reading import fault_of_shard, shard_paths
from docs_index.paths import is_file, is_real_folder, is_there, naming
from docs_index.quoting import glob_escaped, literal
from docs_index.resources import sql

_KEYS = {"documents": "doc_id", "document_links": "linked_doc_id"}
_ORDERS = {"documents": "place", "document_links": "place, role, position"}
_FULL = "128MB"  # of a file of rows
_GROUP_ROWS = 2048  # more would make looking up one document slower
_SMALL = 64 * 2**20  # bytes of a file that is joined with others
_AT_ONCE = 100  # files that are joined together
_FETCH = 10_000


def row_count(files: Sequence[Shard]) -> int:
    """Return how many documents have rows in files, as the manifest says."""
    return sum(file.documents for file in _of_table(files, "documents"))


def _of_table(files: Sequence[Shard], table: str) -> list[Shard]:
    return [file for file in files if file.stage == INDEX_TABLES[table]]


def create_views(
    db: duckdb.DuckDBPyConnection, layout: Layout, catalog: str
) -> Sequence[Shard]:
    """Make or replace `documents` and `document_links`, over the rows there are now.

    Returns their files.

    Raises:
        DamagedDocumentError: the manifest is damaged.
        IndexRowsError: a file is damaged.
        StorageError: reading failed.
    """
    _refuse_links(layout)
    files = read_index_rows(layout)
    columns = {
        "documents": "* exclude (place), place as rowid",
        "document_links": "* exclude (place)",
    }
    with naming_rows(layout, files):
        for table, chosen in columns.items():
            rows = _selected(layout, _of_table(files, table), table)
            db.execute(
                f"create or replace view {catalog}.{table} as "
                f"select {chosen} from ({rows})"
            )
    return files


def _selected(layout: Layout, files: Sequence[Shard], table: str) -> str:
    """Return a query for the rows of files of a table."""
    if not files:
        return sql(f"packs/no_{table}.sql")
    listed = ", ".join(map(literal, shard_paths(layout, files)))
    return f"select * from read_parquet([{listed}])"


def refuse_lost_rows(
    db: duckdb.DuckDBPyConnection, layout: Layout, files: Sequence[Shard]
) -> None:
    """Check that the manifest names all files of rows, as far as can be told.

    The connection has `documents`, the view of their rows, and `run_record`, which says
    how many the last run has left. Places count from 1.

    Raises:
        IndexRowsError: the manifest has lost lines, or a line was changed.
        StorageError: reading failed.
    """
    with naming_rows(layout, files):
        [(found, last, recorded)] = db.execute(sql("packs/count_rows.sql")).fetchall()
    if not recorded <= found == last == row_count(files):
        raise IndexRowsError(
            f"{layout.manifest} names files with {found} rows of the index, and there "
            f"were {max(recorded, last, row_count(files))}: {_again(layout)}"
        )


@contextmanager
def naming_rows(layout: Layout, files: Sequence[Shard]) -> Iterator[None]:
    """Have an error of a damaged file of index rows say so, in a block that reads them.

    Raises:
        IndexRowsError: a file is not as it was written.
        StorageError: the files are, and the machine has failed.
    """
    try:
        yield
    except duckdb.Error as error:
        refuse_damaged_rows(layout, files)
        raise StorageError(f"{layout.packs}: {error}; try again") from error


def refuse_damaged_rows(layout: Layout, files: Sequence[Shard]) -> None:
    """Check that files of rows are as they were written.

    Raises:
        IndexRowsError: one is not.
        StorageError: another program has replaced it.
        OSError: the machine failed to read one.
    """
    for file in files:
        if fault := fault_of_shard(layout, file):
            if file not in look_at_manifest(layout).index_rows:
                message = f"{layout.manifest} was changed by another program: try again"
                raise StorageError(message)
            raise IndexRowsError(f"{fault}: {_again(layout)}")


def _again(layout: Layout) -> str:
    return (
        f"make the index again with `docs-index reindex --output {layout.index} "
        "--replace`, then `docs-index run`, then `docs-index repack --index parquet`"
    )


def _refuse_links(layout: Layout) -> None:
    """Check that the folders of rows are no links and no files.

    Raises:
        IndexRowsError: names the one that is.
    """
    for name in INDEX_TABLES.values():
        folder = layout.packs / name
        if is_there(folder) and not is_real_folder(folder):
            raise IndexRowsError(
                f"{folder} is not a folder but a link or a file, and nothing is read "
                "through it: put the folder itself there, or move the file away"
            )


def rows_in_order(
    layout: Layout, table: str, spill: Path
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield all rows of a table in the order of adding, many at a time.

    A row has the columns of no_documents.sql or no_document_links.sql. What is larger
    than memory goes to the folder `spill`.

    Raises:
        IndexRowsError: a file is damaged.
        StorageError: reading failed.
    """
    files = _of_table(look_at_manifest(layout).index_rows, table)
    refuse_damaged_rows(layout, files)
    with naming_rows(layout, files), connected(spill) as db:
        rows = _selected(layout, files, table)
        found = db.execute(f"from ({rows}) order by {_ORDERS[table]}")
        while fetched := found.fetchmany(_FETCH):
            yield fetched


class Relation(NamedTuple):
    """A query, and the values of its parameters."""

    query: str
    values: Mapping[str, object] = {}


def add_rows(
    db: duckdb.DuckDBPyConnection, layout: Layout, relations: Mapping[str, Relation]
) -> int:
    """Write new rows durably and name them in the manifest; return how many documents.

    `relations` gives the rows of each table, with the columns of no_documents.sql or of
    no_document_links.sql. The caller holds the lock of the data root, and makes the
    views again.

    Raises:
        OSError, duckdb.Error: writing failed; no row was added.
    """
    files = write_rows(db, layout, relations)
    if files:
        append_to_manifest(layout, files)
    return row_count(files)


def write_rows(
    db: duckdb.DuckDBPyConnection, layout: Layout, relations: Mapping[str, Relation]
) -> list[Shard]:
    """Write new rows as `add_rows` does, without naming them.

    Raises:
        OSError, duckdb.Error: writing failed.
    """
    _refuse_links(layout)
    layout.unpublished.mkdir(exist_ok=True)
    files = []
    for table, relation in relations.items():
        folder = layout.unpublished / f"{table}.{uuid.uuid4().hex}"
        columns = sql(f"packs/no_{table}.sql")
        written = (
            f"with wanted as ({relation.query}), "
            f"written as ({columns} union all by name from wanted) "
            f"from written order by {_KEYS[table]}, place"
        )
        db.execute(
            f"copy ({written}) to {literal(folder)} (format parquet, compression zstd, "
            f"row_group_size {_GROUP_ROWS}, file_size_bytes {literal(_FULL)})",
            relation.values,
        )
        for name in sorted(os.listdir(folder)):
            if file := _published(db, layout, table, folder / name):
                files.append(file)
    return files


def _published(
    db: duckdb.DuckDBPyConnection, layout: Layout, table: str, path: Path
) -> Shard | None:
    """Give a file its name, durably; return its line, None if it has no row."""
    key, file = _KEYS[table], literal(glob_escaped(path))
    [(first, last, count)] = db.execute(
        f"select min({key}), max({key}), count(*) from read_parquet({file})"
    ).fetchall()
    if not count:
        return None
    sync(path)
    sha256, size = digest_of(path)
    name = file_of(INDEX_TABLES[table], first, last, sha256)
    final = layout.packs / name
    make_folder(layout.packs)
    make_folder(final.parent)
    with naming(final):
        path.replace(final)
    sync(final.parent)
    return Shard(name, count, size, sha256)


def add_row(
    layout: Layout, document: Mapping[str, object], links: Sequence[Sequence[object]]
) -> None:
    """Add the rows of one document; the caller holds the lock.

    `document` has the columns of `documents` in their order, and `links` rows of
    `document_links`. The caller removes what is unpublished.

    Raises:
        OSError, duckdb.Error: writing failed; no row was added.
    """
    place = row_count(read_index_rows(layout)) + 1
    rows = {
        "documents": [[place, *document.values()]],
        "document_links": [[place, *link] for link in links],
    }
    with connected() as db:
        for table, added in rows.items():
            db.execute(f"create table {table} as {sql(f'packs/no_{table}.sql')}")
            for row in added:
                parameters = ", ".join("?" for _ in row)
                db.execute(f"insert into {table} values ({parameters})", row)
        tables = [table for table, added in rows.items() if added]
        add_rows(db, layout, {table: Relation(f"from {table}") for table in tables})


def merge_rows(layout: Layout) -> bool:
    """Join small files of rows; return whether there were any.

    The caller holds the lock of the data root.

    Raises:
        IndexRowsError: a file is damaged; all stay as they are.
        OSError, StorageError: the machine failed.
    """
    return any([_merge_table(layout, table) for table in INDEX_TABLES])


def _merge_table(layout: Layout, table: str) -> bool:
    """Join small files of a table, some of them at a time, while they become fewer."""
    is_changed = False
    while True:
        files = read_index_rows(layout)
        small = [f for f in _of_table(files, table) if f.bytes < _SMALL]
        joined = sorted(small, key=attrgetter("bytes"))[:_AT_ONCE]
        if len(joined) < 2:
            return is_changed
        refuse_damaged_rows(layout, joined)
        with naming_rows(layout, joined), connected(layout.unpublished) as db:
            relation = Relation(_selected(layout, joined, table))
            new = write_rows(db, layout, {table: relation})
        if len(new) >= len(joined):
            _remove(layout, new, files)
            return is_changed
        write_index_rows(layout, [*(f for f in files if f not in joined), *new])
        _remove(layout, joined, new)
        is_changed = True


def _remove(layout: Layout, files: Sequence[Shard], kept: Sequence[Shard]) -> None:
    for file in files:
        if file not in kept:
            (layout.packs / file.file).unlink()


def check_rows(layout: Layout, recorded: int) -> None:
    """Check the files of rows before all rows are read; see `refuse_lost_rows`.

    `recorded` is how many rows the last run has left.

    Raises:
        IndexRowsError: rows are lost or damaged.
        StorageError: reading failed.
    """
    with connected() as db:
        files = create_views(db, layout, "memory.main")
        db.execute("create table run_record as select ? as documents", [recorded])
        refuse_lost_rows(db, layout, files)


def clear_rows(
    layout: Layout, index_format: IndexFormat, known: DocumentIds | None
) -> None:
    """Remove files of rows that do not count; the caller holds the lock.

    They are of a killed run. Where the index is in SQLite, none counts: they are of a
    change of the format that was killed. `known` returns those of some doc_ids that
    have a row, or get one now: a file with other documents stays. With None, all have.

    Raises:
        IndexRowsError: the index is in SQLite, and lacks documents that have a row in
            Parquet; nothing was changed.
    """
    if index_format == "sqlite" and (files := read_index_rows(layout)):
        paths = shard_paths(layout, _of_table(files, "documents"))
        with naming_rows(layout, files):
            unknown = _unknown(paths, known)
        if unknown:
            raise IndexRowsError(
                f"{layout.index} lacks documents that have their rows in Parquet, such "
                f"as {min(unknown)}, as an older copy of it does: {_again(layout)}"
            )
        write_index_rows(layout, ())
    for path in filter(is_file, unlisted_index_rows(layout)):
        with suppress(duckdb.InvalidInputException):  # a file of another program
            if not _unknown([glob_escaped(path)], known):
                path.unlink()
    if index_format == "sqlite":
        for folder in INDEX_TABLES.values():
            with suppress(OSError):  # it is missing, or has something of the user's
                (layout.packs / folder).rmdir()


def _unknown(paths: Sequence[str], known: DocumentIds | None) -> set[str]:
    """Return the doc_ids in files of rows that are not known."""
    unknown: set[str] = set()
    if known is None:
        return unknown
    with connected() as db:
        found = db.execute(sql("packs/ids_of_index_rows.sql"), {"files": list(paths)})
        while rows := found.fetchmany(_FETCH):
            ids = [doc_id for (doc_id,) in rows]
            unknown |= set(ids) - set(known(ids))
    return unknown
