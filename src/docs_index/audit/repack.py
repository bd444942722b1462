"""Change how a data root stores its documents or their index rows; join small shards.

New documents are complete before the index says that they count, in one commit; the old
ones are removed after that. Killed at any moment, the data root is whole in the layout
that its index names, and another call completes the work. The index rows stay as they
are. Contract: docs/packed.md.
"""

import hashlib
import heapq
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import attrgetter
from pathlib import Path

from docs_index.disk.directories import (
    holds_exactly,
    opened_staging,
    remove_tree,
    sync_file_system,
)
from docs_index.disk.lock import held_lock
from docs_index.disk.publish import make_folder, replacing
from docs_index.disk.scratch import remove_leftovers, scratch_folder
from docs_index.errors import (
    VERIFY,
    DamagedDocumentError,
    DataRootError,
    first_few,
)
from docs_index.index.database import (
    check_index,
    missing_index,
    remove_logs,
    settle_index,
    storage_of_root,
    store_kind,
    write_schema,
)
from docs_index.index.reader import Documents, open_documents
from docs_index.index.row import Document
from docs_index.index.schema import index_tables
from docs_index.index.snapshot import copy_index
from docs_index.index.storage import Storage
from docs_index.index.texts import FILES
from docs_index.index.unpacking import read_files
from docs_index.layout import IndexFormat, Layout, LayoutKind, is_litter
from docs_index.packs.content import Packed, packed
from docs_index.packs.index_rows import Relation, clear_rows, merge_rows, write_rows
from docs_index.packs.leftovers import documents_in_shards, prepare_packs
from docs_index.packs.manifest import (
    Shard,
    read_manifest,
    write_index_rows,
    write_manifest,
)
from docs_index.packs.reading import PackedDocuments, refuse_damaged
from docs_index.packs.writing import write_shards
from docs_index.paths import is_real_folder
from docs_index.progress import Progress
from docs_index.resources import sql
from docs_index.warehouse.index_faults import naming_index
from docs_index.warehouse.session import opened_session
from docs_index.warehouse.sqlite_extension import attach_index

_PATIENCE_S = 10.0
_BATCH = 1000  # directories that are synced together
_SMALL = 64 * 2**20  # bytes of a shard that is joined with others
_AT_ONCE = 100  # shards that are read side by side


@dataclass(frozen=True)
class Summary:
    """What a repacking did; `shards` is their number after it, 0 for directories."""

    data_root: str
    layout: LayoutKind
    index_format: IndexFormat
    documents: int
    shards: int
    is_changed: bool


def repack(layout: Layout, kind: LayoutKind, progress: Progress) -> Summary:
    """Store the documents of a data root in another way.

    Raises:
        DamagedDocumentError: documents are missing or damaged; they stay as they are.
        DataRootError: there are documents or files that would be lost.
        LockedError: another process works on the data root.
        OSError, StorageError: the machine failed; call it again to complete.
    """
    with held_lock(layout.lock, _PATIENCE_S), _cleared(layout):
        storage = storage_of_root(layout)
        is_changed = storage.kind != kind
        if is_changed and storage.index_format == "parquet":
            raise DataRootError(
                "an index in Parquet needs packed documents: run `docs-index repack "
                "--index sqlite` first"
            )
        with open_documents(layout.root) as documents:
            count = documents.count("true")
            others = list(layout.documents_on_disk()) if kind == "packed" else []
            _refuse_unindexed(documents, chain(others, documents_in_shards(layout)))
            if is_changed and kind == "packed":
                _pack(layout, documents, count, progress)
            elif is_changed:
                _unpack(layout, documents, count, progress)
        if is_changed:
            store_kind(layout.index, kind)
        if kind == "packed":
            _remove_directories(layout, others)
        else:
            remove_tree(layout.packs)
    shards = len(read_manifest(layout)) if kind == "packed" else 0
    return Summary(
        str(layout.root), kind, storage.index_format, count, shards, is_changed
    )


def merge(layout: Layout, progress: Progress) -> Summary:
    """Join the small shards of each stage.

    Raises:
        DataRootError: the layout is not packed.
        DamagedDocumentError: a shard is damaged; all shards stay as they are.
        LockedError: another process works on the data root.
        OSError, StorageError: the machine failed; call it again to complete.
    """
    with held_lock(layout.lock, _PATIENCE_S), _cleared(layout):
        storage = storage_of_root(layout)
        if storage.kind != "packed":
            raise DataRootError(
                f"the layout of data root {str(layout.root)!r} is directories: there "
                "are no shards to join"
            )
        with open_documents(layout.root) as documents:
            prepare_packs(layout, documents.known)
        before = read_manifest(layout)
        total = sum(shard.documents for shard in before)
        for stage in sorted({shard.stage for shard in before}):
            _merge_stage(layout, stage)
        after = read_manifest(layout)
        is_changed = merge_rows(layout) or before != after
        progress(total, total)
    return Summary(str(layout.root), *storage, total, len(after), is_changed)


def move_rows(layout: Layout, index_format: IndexFormat) -> Summary:
    """Keep the index rows of packed documents in SQLite, or in Parquet.

    A new SQLite file that says so replaces the old one, when all rows are where it
    says. Then the rows that were elsewhere are removed.

    Raises:
        DataRootError: the documents are not packed.
        IndexFileError: the index is missing or damaged; it stays as it is.
        LockedError: another process works on the data root.
        OSError, StorageError: the machine failed; call it again to complete.
    """
    with held_lock(layout.lock, _PATIENCE_S), _cleared(layout):
        if not check_index(layout.index).exists:
            raise missing_index(layout.index)
        storage = storage_of_root(layout)
        if storage.kind != "packed":
            raise DataRootError(
                "an index in Parquet needs packed documents: run `docs-index repack "
                "--layout packed` first"
            )
        with open_documents(layout.root) as documents:
            clear_rows(layout, storage.index_format, documents.known)
        is_changed = storage.index_format != index_format
        if is_changed:
            with scratch_folder(layout.root) as scratch:
                copy = copy_index(layout, scratch)
                _replace_index(layout, copy, Storage("packed", index_format))
        with open_documents(layout.root) as documents:
            clear_rows(layout, index_format, documents.known)
            count = documents.count("true")
    shards = len(read_manifest(layout))
    return Summary(str(layout.root), "packed", index_format, count, shards, is_changed)


def _replace_index(layout: Layout, copy: Path, storage: Storage) -> None:
    """Replace the SQLite file by one with the tables of a copy that belong there."""
    tables = [table for table in index_tables() if table != "storage"]
    with (
        replacing(layout.index) as unpublished,
        naming_index(copy),
        opened_session(layout) as session,
    ):
        try:
            attach_index(session.db, copy, read_only=True)
            if storage.index_format == "parquet":
                relations = {
                    "documents": Relation(sql("audit/documents_of_index.sql")),
                    "document_links": Relation(sql("audit/links_of_index.sql")),
                }
                write_index_rows(layout, write_rows(session.db, layout, relations))
                tables = [table for table in tables if table not in relations]
            write_schema(unpublished, storage)
            attach_index(session.db, unpublished, read_only=False, catalog="new")
            for table in tables:
                session.db.execute(
                    f"insert into new.{table} from stored.{table} order by rowid"
                )
            session.db.execute("detach new")
            settle_index(unpublished)
            remove_logs(layout.index)
        finally:
            remove_logs(unpublished)


def _pack(layout: Layout, documents: Documents, count: int, progress: Progress) -> None:
    """Write all documents into shards; they count when the index says so."""
    remove_tree(layout.packs)  # of a repacking that was stopped: the index names others
    layout.unpublished.mkdir()
    shards: list[Shard] = []
    done = 0
    found = documents.select("order by stage, doc_id")
    for stage, of_stage in groupby(found, attrgetter("stage")):
        rows = _rows(documents, of_stage)
        for shard in write_shards(layout, stage, rows, layout.unpublished):
            shards.append(shard)
            done += shard.documents
            progress(done, count)
    remove_tree(layout.unpublished)
    make_folder(layout.packs)
    write_manifest(layout, shards)


def _rows(documents: Documents, found: Iterable[Document]) -> Iterator[Packed]:
    """Yield documents as rows of shards, each proved by its index row."""
    for document, files in read_files(documents, found):
        _refuse_changed(document, files["raw.txt"])
        extra = sorted(documents.texts.sizes(document.doc_dir).keys() - set(FILES))
        if extra:
            raise DataRootError(
                f"docs/{document.doc_dir} has {', '.join(extra)}, which is not a file "
                "of a document and has no place in a shard: move it away"
            )
        yield packed(document.doc_id, document.doc_dir, files)


def _unpack(
    layout: Layout, documents: Documents, count: int, progress: Progress
) -> None:
    """Write all documents as directories; they count when the index says so."""
    layout.unpublished.mkdir()
    found = read_files(documents, documents.select("order by stage, doc_id"))
    done = 0
    while batch := list(islice(found, _BATCH)):
        with opened_staging(layout.unpublished) as staging:
            for document, files in batch:
                _refuse_changed(document, files["raw.txt"])
                staging.write(_staged(document), files)
            sync_file_system(layout.unpublished)
            for document, files in batch:
                final = layout.docs / document.doc_dir
                final.parent.parent.mkdir(exist_ok=True)
                if not (
                    staging.publish(_staged(document), final)
                    or holds_exactly(final, files)
                ):
                    raise DataRootError(
                        f"{final} exists and is not that document: move it away"
                    )
            sync_file_system(layout.docs)
        done += len(batch)
        progress(done, count)
    remove_tree(layout.unpublished)


def _staged(document: Document) -> str:
    return f"{document.doc_id}/{document.doc_id}"


def _refuse_changed(document: Document, raw: bytes) -> None:
    if hashlib.sha256(raw).hexdigest() != document.content_hash:
        raise DamagedDocumentError(
            f"{document.doc_dir} has another raw text than its index row says; {VERIFY}"
        )


def _refuse_unindexed(documents: Documents, doc_dirs: Iterable[str]) -> None:
    """Check that every document on disk has a row: others would be lost."""
    indexed = {each.doc_dir for each in documents.select("")}
    unknown = [doc_dir for doc_dir in doc_dirs if doc_dir not in indexed]
    if unknown:
        refuse_damaged(documents.layout, read_manifest(documents.layout))
        raise DataRootError(
            "there are documents without a row in the index, which would be lost: run "
            f"`docs-index run`, or see docs-index verify:\n{first_few(unknown)}"
        )


@contextmanager
def _cleared(layout: Layout) -> Iterator[None]:
    """Remove what a killed run left, and at the end what was not published."""
    remove_leftovers(layout)
    remove_tree(layout.unpublished)
    try:
        yield
    finally:
        remove_tree(layout.unpublished)


def _remove_directories(layout: Layout, doc_dirs: Iterable[str]) -> None:
    """Remove the directories of documents, and the folders that are empty then."""
    layout.unpublished.mkdir(exist_ok=True)
    for doc_dir in doc_dirs:
        removed = layout.unpublished / doc_dir.rpartition("/")[2]
        (layout.docs / doc_dir).rename(removed)  # a kill leaves no half of it in docs/
        remove_tree(removed)
    for stage in filter(is_real_folder, layout.docs.iterdir()):
        if stage not in (layout.packs, layout.unpublished):
            for folder in (*filter(is_real_folder, stage.iterdir()), stage):
                if all(map(is_litter, os.listdir(folder))):
                    remove_tree(folder)
    remove_tree(layout.unpublished)


def _merge_stage(layout: Layout, stage: str) -> None:
    """Join small shards, some of them at a time, while that makes them fewer."""
    while True:
        shards = read_manifest(layout)
        small = [s for s in shards if s.stage == stage and s.bytes < _SMALL]
        joined = sorted(small, key=attrgetter("bytes"))[:_AT_ONCE]
        if len(joined) < 2:
            return
        layout.unpublished.mkdir(exist_ok=True)
        rows = _distinct(layout, joined)
        new = list(write_shards(layout, stage, rows, layout.unpublished))
        kept = [shard for shard in shards if shard not in joined]
        write_manifest(layout, [*kept, *new])
        for shard in joined:
            if shard.file not in {each.file for each in new}:
                (layout.packs / shard.file).unlink()
        remove_tree(layout.unpublished)
        if len(new) >= len(joined):
            return


def _distinct(layout: Layout, shards: Sequence[Shard]) -> Iterator[Packed]:
    """Yield the documents of shards in the order of their doc_id, each once."""
    documents = PackedDocuments(layout)
    refuse_damaged(layout, shards)
    streams = [documents.content_of(shard) for shard in shards]
    merged = heapq.merge(*streams, key=attrgetter("doc_id"))
    for doc_id, copies in groupby(merged, attrgetter("doc_id")):
        first, *others = copies
        if any(other != first for other in others):
            raise DamagedDocumentError(
                f"two shards have document {doc_id} with other files; {VERIFY}"
            )
        yield first
