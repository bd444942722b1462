"""Read documents out of shards, by DuckDB.

Follows the manifest: what a run has added meanwhile is seen by the next read. Writes
nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import duckdb

from docs_index.disk.confined import digest_of
from docs_index.errors import VERIFY, DamagedDocumentError, StorageError
from docs_index.layout import Layout
from docs_index.packs.connecting import connected
from docs_index.packs.content import Packed
from docs_index.packs.manifest import FollowedManifest, Shard
from docs_index.paths import is_of_a_path
from docs_index.quoting import glob_escaped
from docs_index.resources import sql

_FETCH = 500


class PackedDocuments:
    """The documents that the shards of a data root hold."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._db = connected()
        self._db.execute("set parquet_metadata_cache = true")
        self._manifest = FollowedManifest(layout)
        self._last: Packed | None = None

    def shards(self) -> list[Shard]:
        """Return the shards that the manifest names now.

        Raises:
            DamagedDocumentError: the manifest is damaged.
        """
        return self._manifest.read().shards

    def find(self, doc_dir: str) -> Packed | None:
        """Return a document, None if no shard has it; the last one found is kept.

        Raises:
            DamagedDocumentError: a shard that may have it is damaged.
            StorageError: reading failed.
        """
        if self._last is not None and self._last.doc_dir == doc_dir:
            return self._last
        rows = self._rows_of(doc_dir, "packs/one_document.sql")
        self._last = next(map(Packed._make, rows), None)
        return self._last

    def shard_of(self, doc_dir: str) -> str | None:
        """Return the path of the shard that has a document, None if none has it.

        Raises:
            DamagedDocumentError: a shard that may have it is damaged.
            StorageError: reading failed.
        """
        found = next(self._rows_of(doc_dir, "packs/shard_of_document.sql"), None)
        return str(found[0]) if found else None

    def find_all(self, doc_dirs: Iterable[str]) -> Iterator[Packed]:
        """Yield those of many documents that can be read, a shard at a time.

        A damaged shard is left out.

        Raises:
            DamagedDocumentError: the manifest is damaged.
            StorageError: reading failed.
        """
        left: dict[str, set[str]] = {}
        for doc_dir in doc_dirs:
            left.setdefault(doc_dir.partition("/")[0], set()).add(doc_dir)
        for shard in self.shards():
            wanted = left.get(shard.stage, set())
            possible = [each for each in wanted if shard.may_hold(each[-16:])]
            if not possible:
                continue
            ids = [doc_dir[-16:] for doc_dir in possible]
            values = {
                "first": min(ids),
                "last": max(ids),
                "doc_dirs": " ".join(possible),
            }
            rows = self._rows([shard], "packs/many_documents.sql", values)
            with suppress(DamagedDocumentError):
                for document in map(Packed._make, rows):
                    if document.doc_dir in wanted:
                        wanted.discard(document.doc_dir)
                        yield document

    def content_of(self, shard: Shard) -> Iterator[Packed]:
        """Yield all documents of a shard, in their order.

        Raises:
            DamagedDocumentError: the shard is damaged.
            StorageError: reading failed.
        """
        rows = self._rows([shard], "packs/all_documents.sql", {})
        yield from map(Packed._make, rows)

    def doc_dirs(self) -> Iterator[str]:
        """Yield the doc_dir of every document."""
        shards = self.shards()
        if not shards:
            return
        with sorting_faults(self._layout, shards):
            values = {"files": shard_paths(self._layout, shards)}
            cursor = self._db.cursor().execute(sql("packs/doc_dirs.sql"), values)
            while rows := cursor.fetchmany(_FETCH):
                yield from (doc_dir for (doc_dir,) in rows)

    def _rows_of(self, doc_dir: str, statement: str) -> Iterator[tuple[Any, ...]]:
        """Yield what a statement finds of a document in the shards that may have it."""
        stage, _, doc_id = doc_dir.split("/")
        shards = [
            shard
            for shard in self.shards()
            if shard.stage == stage and shard.may_hold(doc_id)
        ]
        return self._rows(shards, statement, {"doc_id": doc_id, "doc_dir": doc_dir})

    def _rows(
        self, shards: Sequence[Shard], statement: str, values: Mapping[str, object]
    ) -> Iterator[tuple[Any, ...]]:
        if not shards:
            return
        with sorting_faults(self._layout, shards):
            files = {"files": shard_paths(self._layout, shards)}
            cursor = self._db.cursor().execute(sql(statement), {**files, **values})
            while rows := cursor.fetchmany(_FETCH):
                yield from rows


def shard_paths(layout: Layout, shards: Sequence[Shard]) -> list[str]:
    """Return the paths of shards, as `read_parquet` takes them."""
    return [glob_escaped(layout.packs / shard.file) for shard in shards]


@contextmanager
def sorting_faults(layout: Layout, shards: Sequence[Shard]) -> Iterator[None]:
    """Sort an error of DuckDB in a block that reads shards.

    Raises:
        DamagedDocumentError: one of the shards is damaged.
        StorageError: none is; the machine has failed.
    """
    try:
        yield
    except duckdb.Error as error:
        refuse_damaged(layout, shards)
        raise StorageError(f"{layout.packs}: {error}; try again") from error


def present_in(
    layout: Layout, shard: Shard
) -> Iterator[tuple[str, bool, bool, bool, str | None]]:
    """Yield which texts each document of a shard has, and the SHA-256 of its raw text.

    The fields are doc_dir, has raw, has parsed, has prompt, and the hash.

    Raises:
        DamagedDocumentError: the shard is damaged.
        StorageError: reading failed.
    """
    with sorting_faults(layout, [shard]), connected() as db:
        files = {"files": shard_paths(layout, [shard])}
        rows = db.execute(sql("packs/present_documents.sql"), files)
        while fetched := rows.fetchmany(_FETCH):
            yield from fetched


def refuse_damaged(layout: Layout, shards: Iterable[Shard]) -> None:
    """Check that shards are as the manifest says.

    Raises:
        DamagedDocumentError: names the first that is not.
        OSError: the machine failed to read one.
    """
    for shard in shards:
        if fault := fault_of_shard(layout, shard):
            raise DamagedDocumentError(f"{fault}; {VERIFY}")


def fault_of_shard(layout: Layout, shard: Shard) -> str | None:
    """Return what is wrong with a shard, None if it is as the manifest says.

    Raises:
        OSError: the machine failed to read it.
    """
    path = layout.packs / shard.file
    try:
        found = digest_of(path)
    except OSError as error:
        if is_of_a_path(error):
            return f"{path}: {error.strerror}"
        raise
    is_right = found == (shard.sha256, shard.bytes)
    return None if is_right else f"{path} is not as it was written"
