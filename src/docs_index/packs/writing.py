"""Write shards: complete, synced and named by their content, but not yet listed.

Row groups are small, so that one document is read in a few milliseconds. DuckDB makes a
row group of each batch that it is handed; a batch of its own would have 2,048 rows.
"""

import uuid
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, Final

import duckdb
import nanoarrow
from nanoarrow.c_array_stream import CArrayStream

from docs_index.disk.confined import digest_of
from docs_index.disk.publish import make_folder, sync
from docs_index.disk.threads import OnceAThread
from docs_index.errors import StorageError
from docs_index.layout import Layout
from docs_index.packs.connecting import connected
from docs_index.packs.content import Packed
from docs_index.packs.manifest import Shard, file_of
from docs_index.paths import naming
from docs_index.resources import sql

SHARD_BYTES: Final = 256 * 2**20
"""Contents of a full shard; compressed, text takes a quarter to a half of that."""

_GROUP_ROWS = 500
_GROUP_BYTES = 4 * 2**20
_TEXTS = ("doc_id", "doc_dir")
_SCHEMA = nanoarrow.struct(
    {
        name: nanoarrow.string() if name in _TEXTS else nanoarrow.binary()
        for name in Packed._fields
    }
)


class _Batches:
    """Arrow batches that DuckDB may read more than once."""

    def __init__(self, batches: Sequence[Any]) -> None:
        self._batches = batches

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        batches = [nanoarrow.c_array(batch) for batch in self._batches]
        stream = CArrayStream.from_c_arrays(batches, nanoarrow.c_schema(_SCHEMA))
        return stream.__arrow_c_stream__()


def write_shard(
    layout: Layout, stage: str, documents: Iterable[Packed], unpublished: Path
) -> Shard | None:
    """Write the documents of a stage as a shard, durably; return its line.

    They must be in the order of their doc_id. Without any, nothing is written. The
    shard counts for readers when the manifest names it.

    Raises:
        OSError, StorageError: writing failed; no shard was published.
    """
    batches, first, last, count = [], "", "", 0
    for group in _groups(documents):
        first, last = first or group[0].doc_id, group[-1].doc_id
        count += len(group)
        batches.append(_batch(group))
    if not count:
        return None
    # Not even threads of one process, or processes of two machines, share a name.
    path = unpublished / f"{first}-{last}.{uuid.uuid4().hex}.parquet"
    _copy(batches, path)
    sync(path)
    sha256, size = digest_of(path)
    shard = Shard(file_of(stage, first, last, sha256), count, size, sha256)
    final = layout.packs / shard.file
    make_folder(final.parent)
    with naming(final):
        path.replace(final)
    sync(final.parent)
    return shard


def write_shards(
    layout: Layout,
    stage: str,
    documents: Iterable[Packed],
    unpublished: Path,
    *,
    full_bytes: int = SHARD_BYTES,
) -> Iterator[Shard]:
    """Write the documents of a stage as shards, each until it has so many bytes.

    They must be in the order of their doc_id.

    Raises:
        OSError, StorageError: writing failed; the shards before are whole.
    """
    following = iter(documents)
    for first in following:
        some = _until_full(chain([first], following), full_bytes)
        if shard := write_shard(layout, stage, some, unpublished):
            yield shard


def _until_full(documents: Iterable[Packed], full_bytes: int) -> Iterator[Packed]:
    size = 0
    for document in documents:
        yield document
        size += document.size
        if size >= full_bytes:
            return


def _copy(batches: Sequence[Any], path: Path) -> None:
    db = _connected()
    db.register("packed_documents", _Batches(batches))
    try:
        values = {"path": str(path)}
        db.execute(sql("packs/write_shard.sql"), values)
    except duckdb.Error as error:
        message = f"{path}: {error}; run again to complete"
        raise StorageError(message) from error
    finally:
        db.unregister("packed_documents")


def _groups(documents: Iterable[Packed]) -> Iterator[list[Packed]]:
    """Yield the documents of each row group."""
    group: list[Packed] = []
    size = 0
    for document in documents:
        more = document.size
        if group and (size + more > _GROUP_BYTES or len(group) == _GROUP_ROWS):
            yield group
            group, size = [], 0
        group.append(document)
        size += more
    if group:
        yield group


def _batch(group: Sequence[Packed]) -> Any:
    children = [
        _column([each.encode() for each in values], nanoarrow.string())
        if name in _TEXTS
        else _column(values, nanoarrow.binary())
        for name, values in zip(Packed._fields, zip(*group, strict=True), strict=True)
    ]
    return nanoarrow.c_array_from_buffers(
        _SCHEMA, len(group), [None], children=children
    )


def _column(values: Sequence[bytes | None], kind: Any) -> Any:
    """Return a column; nanoarrow's own conversion takes three times as long."""
    there = [value is not None for value in values]
    contents = [value or b"" for value in values]
    ends = array("i", accumulate(map(len, contents), initial=0))
    validity = None if all(there) else nanoarrow.c_buffer(there, nanoarrow.bool_())
    return nanoarrow.c_array_from_buffers(
        kind,
        len(values),
        [validity, ends, b"".join(contents)],
        null_count=len(values) - sum(there),
    )


_connected = OnceAThread(connected)
