"""How a data root stores its documents and their index rows, and which ways agree.

The index says it in its table `storage`. Where that is lost, the disk does. Reads names
below `docs/` and the manifest, and writes nothing.
"""

import sqlite3
from typing import Final, NamedTuple

from docs_index.disk.faults import Fault, fault_of
from docs_index.errors import DataRootError
from docs_index.index.connection import Index
from docs_index.layout import FORMATS, KINDS, IndexFormat, Layout, LayoutKind
from docs_index.packs.manifest import look_at_manifest, unlisted_files
from docs_index.paths import is_there

MOST_IN_SQLITE: Final = 10_000_000
"""Documents of a first run above which a packed data root gets an index in Parquet."""


class Storage(NamedTuple):
    """How documents are stored, and in which format their index rows are."""

    kind: LayoutKind = "directories"
    index_format: IndexFormat = "sqlite"


def read_storage(index: Index) -> Storage | None:
    """Return what an index says, None if it is damaged and does not say it."""
    try:
        rows = index.execute("select layout, index_format from storage").fetchall()
    except sqlite3.OperationalError as error:
        if fault_of(error) is Fault.STATEMENT:  # the table is missing
            return None
        raise
    if len(rows) == 1 and rows[0][0] in KINDS and rows[0][1] in FORMATS:
        return Storage(*rows[0])
    return None


def storage_on_disk(layout: Layout) -> Storage:
    """Return how the documents are stored that are there, if any.

    A manifest is complete where there is one; shards may have lost theirs.
    """
    if is_there(layout.manifest):
        has_rows = bool(look_at_manifest(layout).index_rows)
        return Storage("packed", "parquet" if has_rows else "sqlite")
    has_shards = bool(unlisted_files(layout, ()))
    has_directories = next(layout.documents_on_disk(), None) is not None
    return Storage("packed" if has_shards and not has_directories else "directories")


def agreed_storage(
    layout: Layout,
    stored: Storage | None,
    kind: LayoutKind | None,
    index_format: IndexFormat | None,
    documents: int = 0,
) -> Storage:
    """Return how documents are stored, or will be in a new index.

    `stored` is what the index says, None without an index that says it. `kind` and
    `index_format` name the layout and the index format that the user wants; None takes
    those of the data root. `documents` is the number of documents of a new index.

    Raises:
        DataRootError: they are stored in another way than is wanted.
    """
    is_new = stored is None
    if stored is None:
        stored = storage_on_disk(layout)
        if stored.kind == "directories":
            stored = Storage(kind or "directories")
    if kind and stored.kind != kind:
        raise DataRootError(
            f"the layout of data root {str(layout.root)!r} is {stored.kind}, not "
            f"{kind}: leave --layout out, or run `docs-index repack --layout {kind}` "
            "first"
        )
    if is_new and stored.index_format == "sqlite":
        new = _format_of_new(stored.kind, index_format, documents)
        return Storage(stored.kind, new)
    if index_format and stored.index_format != index_format:
        raise DataRootError(
            f"the index of data root {str(layout.root)!r} is in {stored.index_format}, "
            f"not in {index_format}: leave --index out, or run `docs-index repack "
            f"--index {index_format}` first"
        )
    return stored


def _format_of_new(
    kind: LayoutKind, wanted: IndexFormat | None, documents: int
) -> IndexFormat:
    if kind == "packed":
        return wanted or ("parquet" if documents > MOST_IN_SQLITE else "sqlite")
    if wanted == "parquet":
        raise DataRootError(
            "an index in Parquet needs packed documents: give --layout packed too, or "
            "leave --index out"
        )
    return "sqlite"
