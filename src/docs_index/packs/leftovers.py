"""Remove what killed runs left below `docs/packs`, and nothing that is needed.

A shard without a line is a leftover: a row is inserted after the manifest names its
shard. If only such a shard has some documents of the index, a line was lost. One whose
documents would be nowhere else is never removed.
"""

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import duckdb

from docs_index.disk.directories import remove_tree
from docs_index.errors import DamagedDocumentError
from docs_index.layout import Layout
from docs_index.packs.connecting import connected
from docs_index.packs.manifest import read_manifest, unlisted_files, write_manifest
from docs_index.packs.reading import PackedDocuments, shard_paths
from docs_index.paths import is_real_folder, is_there
from docs_index.quoting import glob_escaped
from docs_index.resources import sql

DocumentIds = Callable[[Collection[str]], Collection[str]]
"""Returns some of the doc_ids that it is called with."""


def remove_unpublished(layout: Layout) -> None:
    """Remove what was written and not published; the caller holds the lock.

    Workers of a killed run may still write on another machine. They publish nothing any
    more, as the paths that they know are gone at once.
    """
    if is_real_folder(layout.unpublished):
        for name in os.listdir(layout.unpublished):
            remove_at_once(layout.unpublished / name)
    remove_tree(layout.unpublished)


def remove_at_once(folder: Path) -> None:
    """Remove a folder in which others may be about to write: first its name."""
    removed = folder.with_name(f"{folder.name}.removed")
    folder.rename(removed)
    remove_tree(removed)


def prepare_packs(
    layout: Layout, indexed: DocumentIds, remade: DocumentIds = lambda _: ()
) -> None:
    """Make an empty manifest if there is none, and remove shards that none names.

    `indexed` returns those of some doc_ids that the index has, and `remade` those that
    the caller is about to write. A shard stays, without a line, if it has a document
    that neither they nor other shards have. The caller holds the lock of the data root.

    Raises:
        DamagedDocumentError: the manifest is damaged, or has lost a line; nothing was
            changed.
    """
    shards = read_manifest(layout)
    leftovers = []
    for path in unlisted_files(layout, shards):
        alone = _only_in(path, shard_paths(layout, shards))
        ids = [doc_dir[-16:] for doc_dir in alone]
        if needed := indexed(ids):
            raise DamagedDocumentError(
                f"{layout.manifest} does not name {path.name}, which alone has "
                f"document {min(needed)} of the index: run `docs-index restore --apply`"
                ", which names it again"
            )
        if set(ids) <= set(remade(ids)):
            leftovers.append(path)
    if not is_there(layout.manifest):
        layout.packs.mkdir(parents=True, exist_ok=True)
        write_manifest(layout, shards)
    for path in leftovers:
        path.unlink()


def documents_in_shards(layout: Layout) -> Iterator[str]:
    """Yield the doc_dir of every document, of shards that the manifest lacks too.

    Raises:
        DamagedDocumentError: the manifest or a shard that it names is damaged.
        StorageError: reading failed.
    """
    yield from PackedDocuments(layout).doc_dirs()
    shards = read_manifest(layout)
    for path in unlisted_files(layout, shards):
        yield from _only_in(path, shard_paths(layout, shards))


def _only_in(path: Path, listed: list[str]) -> list[str]:
    """Return the doc_dirs of a shard that no listed one has; none if it is half."""
    own = glob_escaped(path)
    # With no other shard to compare with, every document is in this one alone.
    statement, values = "packs/doc_dirs.sql", {"files": [own]}
    if listed:
        statement, values = "packs/only_here.sql", {"files": [own], "listed": listed}
    with connected() as db:
        try:
            rows = db.execute(sql(statement), values).fetchall()
        except duckdb.InvalidInputException:
            return []
    return [doc_dir for (doc_dir,) in rows]
