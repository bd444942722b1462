"""Add documents at run time, by the rules of the build: a writer for programs.

    writer = Writer("data", run_id="autumn")
    document = writer.add(NewDocument(stage="draft", ...))

A document's directory is published before its row is inserted. Both are on the disk
when `add` returns: a power cut takes back nothing that was added. No existing document
is changed. Adding the same attempt again completes what a kill left, and otherwise does
nothing.

Needs only the standard library and this package, and DuckDB if the layout is packed:
then each document becomes a shard, and `docs-index repack --merge` joins them. The lock
of the data root is held for each document. A program that has the index open in DuckDB
must not use this module in the same process (see `warehouse.sqlite_extension`).
"""

import csv
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Protocol

from docs_index.disk.directories import publish_directory, remove_tree
from docs_index.disk.faults import Fault, fault_of
from docs_index.disk.lock import held_lock
from docs_index.disk.publish import TakenError, holds, publish_new
from docs_index.errors import DocumentRefusedError, LockedError, StorageError
from docs_index.index.connection import Index
from docs_index.index.database import (
    check_index,
    create_index,
    lost_index,
    refuse_foreign_schema,
    settle_index,
)
from docs_index.index.new_row import NewDocument, Ready, made_ready
from docs_index.index.reader import Documents, parquet_index
from docs_index.index.row import NAMES, Document
from docs_index.index.storage import Storage, storage_on_disk
from docs_index.layout import Layout, LayoutKind, open_layout
from docs_index.paths import is_file, is_link, is_there, naming, real_path
from docs_index.vocabulary import PARSERS

_PATIENCE_S = 30.0
# SQLite commits by removing its journal. FULL, the default, does not sync the removal:
# a journal that is back after a power cut would undo the last row.
_DURABLE = "pragma synchronous = extra"


class Writer:
    """Adds the documents of one run to one data root.

    `run_id` is part of every doc_id. The writer waits at most `patience_s` seconds for
    a process that has locked the data root or the index.
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str] | None = None,
        *,
        run_id: str,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self.layout = open_layout(data_root)
        self.run_id = run_id
        self.patience_s = patience_s

    def add(self, new: NewDocument) -> Document:
        """Add a document, directory first, row second, and return its row.

        Raises:
            DocumentRefusedError: the document breaks a rule, or its path belongs to
                something else; nothing was written.
            IndexFileError: the index is lost, or is not an index of this program.
            LockedError: another program has locked the data root for too long, or a
                connection reads the index, perhaps an unfinished query of this program.
            OSError, StorageError: writing failed; add it again to complete it.
        """
        with (
            held_lock(self.layout.lock, self.patience_s),
            _writing(self.layout, self.patience_s) as index,
        ):
            documents = Documents(self.layout, index.connection)
            parent = documents.find(new.parent_doc_id or "")
            ready = made_ready(new, self.run_id, parent, self._own_parsers(new))
            legacy = self._legacy(new)
            if not _is_indexed(documents, ready.document):
                self._publish(ready, index.kind)
                index.insert(ready.document)
            if legacy:
                _publish_legacy(legacy, ready.contents["raw.txt"])
        return ready.document

    def _own_parsers(self, new: NewDocument) -> list[str]:
        """Return the names in 1_raw/parsers.csv, if the document names one of them.

        A build judges the table; here it says which names there are.
        """
        path = self.layout.own_parsers
        if new.parser is None or new.parser in PARSERS or not is_file(path):
            return []
        self.layout.refuse_link_out(path)
        try:
            with naming(path), path.open(newline="", encoding="utf-8-sig") as file:
                rows = list(csv.DictReader(file))
        except (csv.Error, UnicodeDecodeError) as error:
            raise DocumentRefusedError(f"{path} cannot be read: {error}") from error
        return [name for row in rows if (name := (row.get("parser") or "").strip())]

    def _publish(self, ready: Ready, kind: LayoutKind) -> None:
        doc_dir, contents = ready.document.doc_dir, ready.contents
        final = self.layout.docs / doc_dir
        try:
            if kind == "packed":
                from docs_index.packs.adding import add_packed

                add_packed(self.layout, doc_dir, contents)
            else:
                publish_directory(final, contents, self.layout.unpublished)
        except TakenError as error:
            raise DocumentRefusedError(
                f"{final} exists and is another document; it was not changed: move it "
                "away, or give the attempt another id"
            ) from error

    def _legacy(self, new: NewDocument) -> Path | None:
        """Return the path of the second copy; refuse one that has other content."""
        if new.legacy_file is None:
            return None
        path = self.layout.responses / new.legacy_file
        folder = Path(real_path(self.layout.responses))
        self.layout.refuse_link_out(folder)
        is_inside = Path(real_path(path.parent)).is_relative_to(folder)
        if not is_inside or is_link(path):
            raise DocumentRefusedError(f"{path} leads through a link: name another one")
        if is_there(path) and not holds(path, new.raw.encode()):
            raise DocumentRefusedError(f"{path} has other content: name another one")
        return path


def _publish_legacy(path: Path, raw: bytes) -> None:
    try:
        publish_new(path, raw)
    except TakenError as error:
        raise DocumentRefusedError(f"{path} has other bytes") from error


def _is_indexed(documents: Documents, document: Document) -> bool:
    """Tell whether the attempt has its row already.

    Raises:
        DocumentRefusedError: its row has other values.
    """
    attempt = "where run_id = ? and row_key = ?"
    found = next(documents.select(attempt, document.run_id, document.row_key), None)
    if found is not None and found != document:
        raise DocumentRefusedError(
            f"attempt {document.row_key!r} of run_id {document.run_id!r} is in the "
            f"index as {found.doc_id}, with other values: give this attempt another id"
        )
    return found is not None


class _Rows(Protocol):
    """The rows of an index that is open for writing."""

    @property
    def connection(self) -> Index:
        """For reading them."""

    @property
    def kind(self) -> LayoutKind:
        """How their documents are stored."""

    def insert(self, document: Document) -> None:
        """Add a row, durably."""


@dataclass(frozen=True)
class _InSQLite:
    connection: sqlite3.Connection
    kind: LayoutKind

    def insert(self, document: Document) -> None:
        values = astuple(document)
        parameters = ", ".join("?" for _ in values)
        with self.connection as index:
            index.execute(
                f"insert into documents ({', '.join(NAMES)}) values ({parameters})",
                values,
            )
            index.executemany(
                "insert into document_links values (?, ?, ?, ?)", _links(document)
            )


@dataclass(frozen=True)
class _InParquet:
    layout: Layout
    connection: Index
    kind: LayoutKind = "packed"

    def insert(self, document: Document) -> None:
        from docs_index.packs.index_rows import add_row

        try:
            add_row(self.layout, asdict(document), _links(document))
        finally:
            remove_tree(self.layout.unpublished)


def _links(document: Document) -> list[tuple[object, ...]]:
    """Return the rows of what a document was made from or judges."""
    if document.parent_doc_id is None:
        return []
    role = "target" if document.stage == "evaluation" else "follows"
    return [(document.doc_id, role, 1, document.parent_doc_id)]


def _stored(layout: Layout, kind: LayoutKind) -> Iterator[str]:
    """Yield the doc_dir of each document that is stored in this way."""
    if kind == "directories":
        yield from layout.documents_on_disk()
    else:
        from docs_index.packs.leftovers import documents_in_shards

        yield from documents_in_shards(layout)


@contextmanager
def _writing(layout: Layout, patience_s: float) -> Iterator[_Rows]:
    """Open the index for writing, and create it if there are no documents yet.

    Raises:
        IndexFileError: it is lost, or is not an index of this program.
    """
    path = layout.index
    state = check_index(path)
    storage = state.storage or storage_on_disk(layout)
    if state.exists:
        refuse_foreign_schema(path)
    else:
        for doc_dir in _stored(layout, storage.kind):
            raise lost_index(layout, doc_dir)
        storage = Storage(storage.kind)
        create_index(path, storage)
    if not state.is_settled:  # it is new, or a killed process has left it so
        settle_index(path)
    if storage.index_format == "parquet":
        with parquet_index(layout, path) as connection:
            yield _InParquet(layout, connection)
        return
    try:
        with closing(sqlite3.connect(path, timeout=patience_s)) as connection:
            connection.execute(_DURABLE)
            yield _InSQLite(connection, storage.kind)
    except sqlite3.OperationalError as error:
        if fault_of(error) is Fault.LOCKED:
            message = f"{path} is in use by another connection: add the document again"
            raise LockedError(message) from error
        raise StorageError(f"{path}: {error}; add the document again") from error
