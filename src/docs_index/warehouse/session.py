"""One DuckDB connection over the build (`build`), the index (`stored`) and a `run`.

Owns when the index is attached, and for reading or writing. Holds no rule: the callers'
SQL does. Writes the index only through `make_writable`.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from docs_index.disk.lock import holder_of, locked_by, shared_lock
from docs_index.disk.publish import csv_lines
from docs_index.disk.scratch import scratch_folder
from docs_index.index.database import (
    check_index,
    create_index,
    has_index,
    lost_index,
    refuse_foreign_schema,
    settle_index,
)
from docs_index.index.schema import index_tables
from docs_index.index.snapshot import PATIENCE_S, copy_file
from docs_index.index.storage import Storage, agreed_storage
from docs_index.layout import IndexFormat, Layout, LayoutKind
from docs_index.packs.connecting import load_extension
from docs_index.packs.index_rows import (
    create_views,
    refuse_damaged_rows,
    refuse_lost_rows,
)
from docs_index.packs.leftovers import documents_in_shards
from docs_index.quoting import column_types, glob_escaped, identifier, literal
from docs_index.resources import seed_file, sql
from docs_index.warehouse.sqlite_extension import attach_index
from docs_index.warehouse.stand_ins import attach_run, attach_stored

_FETCH = 10_000
_LONGEST_ROW = 4 * 2**20


class Session:
    """A connection that knows whether the index is attached, and in which mode.

    `scratch` is a folder for files that are removed with the connection. `has_build`
    tells whether an audit has attached the last build as `build`. `storage` is how the
    documents and their index rows are stored, once the index is open; `lists` is the
    database that has the other tables of the index.
    """

    def __init__(
        self, db: duckdb.DuckDBPyConnection, layout: Layout, scratch: Path
    ) -> None:
        self.db = db
        self.layout = layout
        self.scratch = scratch
        self.has_build = False
        self.storage = Storage()
        self.lists = "stored"
        self._attached: str | None = None
        self._needs_settling = False

    @property
    def kind(self) -> LayoutKind:
        """How the documents are stored."""
        return self.storage.kind

    def open_index(
        self,
        *,
        dry_run: bool,
        kind: LayoutKind | None = None,
        index_format: IndexFormat | None = None,
    ) -> None:
        """Attach the index for reading; create a missing one, or a stand-in for it.

        `kind` and `index_format` are how a new index stores documents and their rows,
        and how an old one must.

        A dry run attaches a copy: opening the index can change files next to it.

        Raises:
            DataRootError: they are stored in another way.
            IndexFileError: the index is damaged, has another schema, or is lost and
                the build lacks some of its documents.
            LockedError: a dry run found another process working on the data root.
        """
        index = self._copied_index() if dry_run else self.layout.index
        state = check_index(index, named=self.layout.index)
        if not state.exists:
            self._refuse_to_forget()
        documents = 0 if state.exists else self.count("build.main.documents")
        self.storage = agreed_storage(
            self.layout, state.storage, kind, index_format, documents
        )
        self._needs_settling = not state.is_settled and not dry_run
        if not state.exists and dry_run:
            attach_stored(self.db)
            return
        if state.exists:
            refuse_foreign_schema(index, named=self.layout.index)
        else:
            create_index(self.layout.index, self.storage)
        self._attach(index)
        self._attached = "read"

    def _attach(self, index: Path) -> None:
        """Attach the index as `stored`, with views where its rows are in Parquet."""
        if self.storage.index_format == "sqlite":
            attach_index(self.db, index, read_only=True)
            return
        self.lists = "lists"
        attach_index(self.db, index, read_only=True, catalog=self.lists)
        self.db.execute("attach ':memory:' as stored")
        for table in index_tables():
            self.db.execute(f"create view stored.{table} as from lists.{table}")
        files = create_views(self.db, self.layout, "stored")
        refuse_damaged_rows(self.layout, files)
        with self.db.cursor() as cursor:
            cursor.execute("use stored")
            refuse_lost_rows(cursor, self.layout, files)

    def see_new_rows(self) -> None:
        """Have `stored` show the index rows that were written to Parquet meanwhile."""
        if self.storage.index_format == "parquet":
            create_views(self.db, self.layout, "stored")

    def _copied_index(self) -> Path:
        """Copy the index to the scratch folder while no other process changes it."""
        with shared_lock(self.layout.lock, PATIENCE_S) as is_locked:
            holder = None if is_locked else holder_of(self.layout.lock)
            if holder is not None:
                raise locked_by(holder, self.layout.lock)
            if has_index(self.layout.index):
                copy_file(self.layout, self.scratch)
        return self.scratch / self.layout.index.name

    def _refuse_to_forget(self) -> None:
        """Check that the build has every document on disk.

        A new index would lack those of other runs and of programs, and a source row
        could get a second document.
        """
        self.db.execute("create temp table on_disk (doc_dir varchar)")
        doc_dirs = chain(
            self.layout.documents_on_disk(),
            documents_in_shards(self.layout),
        )
        self.insert("on_disk", ((each,) for each in doc_dirs))
        unknown = self.db.execute(
            "from on_disk anti join build.main.documents using (doc_dir) order by all"
        ).fetchone()
        if unknown:
            raise lost_index(self.layout, unknown[0])

    def make_writable(self) -> None:
        """Attach the index for writing, unless it already is."""
        if self._attached == "read":
            self.db.execute(f"detach {self.lists}")
            attach_index(
                self.db, self.layout.index, read_only=False, catalog=self.lists
            )
            self._attached, self._needs_settling = "write", True

    @contextmanager
    def closing_index(self) -> Iterator[None]:
        """Detach the index for a block, and settle it if this run has written it."""
        if self._attached:
            for database in {"stored", self.lists}:
                self.db.execute(f"detach {database}")
            self._attached = None
        with ThreadPoolExecutor(1) as thread:
            settled = thread.submit(self._settle)
            yield
            settled.result()

    def _settle(self) -> None:
        if self._needs_settling:
            settle_index(self.layout.index)

    def count(self, relation: str) -> int:
        """Return the number of rows of a table or of a query in parentheses."""
        counted: int = self.one(f"select count(*) from {relation}")[0]
        return counted

    def one(self, query: str) -> tuple[Any, ...]:
        """Return the one row of a query."""
        row: tuple[Any, ...] = self.db.execute(query).fetchall()[0]
        return row

    def rows(self, query: str, values: object = None) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query; other queries may run on the session meanwhile."""
        cursor = self.db.cursor().execute(query, values)
        while rows := cursor.fetchmany(_FETCH):
            yield from rows

    def load_seeds(self, *names: str) -> None:
        """Make a table of each seed, all of its columns texts."""
        for name in names:
            path = glob_escaped(seed_file(name))
            self.db.read_csv(path, header=True, all_varchar=True).create(name)

    def keep(self, table: str, relation: str) -> None:
        """Copy the current rows of a relation to a table of the run."""
        self.db.execute(f"insert into run.{table} from {relation}")

    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert many rows through a file: row by row, each takes DuckDB a millisecond.

        A row is a line of CSV with at most 4 MiB.
        """
        self.insert_file(table, self.write_lines(table, csv_lines(rows)))

    def write_lines(self, name: str, lines: Iterable[str]) -> Path:
        """Write lines of CSV to a file for `insert_file`; uses no connection."""
        path = self.scratch / f"{name}.csv"
        # A stray directory may have any bytes as its name.
        with path.open(
            "w", newline="", encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.writelines(lines)
        return path

    def insert_file(self, table: str, path: Path) -> None:
        """Insert the rows of a file that `write_lines` has written."""
        relation = self.db.table(table)
        types = zip(relation.columns, relation.types, strict=True)
        rows = f"written_rows(?, {column_types(types)}, {_LONGEST_ROW})"
        self.db.execute(f"insert into {table} from {rows}", [str(path)])

    def columns(self, table: str) -> str:
        """Return the columns of a table as a list in SQL."""
        return ", ".join(identifier(name) for name in self.db.table(table).columns)


@contextmanager
def opened_session(layout: Layout) -> Iterator[Session]:
    """Open a connection with tables in memory that spill to disk above a limit."""
    with scratch_folder(layout.root) as scratch, duckdb.connect() as db:
        db.execute("set memory_limit = '1GB'")
        db.execute(f"set temp_directory = {literal(scratch)}")
        load_extension(db)
        db.execute(sql("warehouse/written_rows.sql"))
        attach_run(db)
        yield Session(db, layout, scratch)


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of `size` items, the last one shorter."""
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
