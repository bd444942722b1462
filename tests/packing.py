"""Turn a finished data root into one whose documents are packed."""

from collections.abc import Iterable
from pathlib import Path

from docs_index.audit.repack import repack
from docs_index.layout import Layout, open_layout
from docs_index.packs.content import COLUMNS, Packed, packed
from docs_index.packs.manifest import (
    Shard,
    read_manifest,
    write_manifest,
)
from docs_index.packs.reading import PackedDocuments
from docs_index.packs.writing import write_shard


def pack(root: Path) -> None:
    """Make shards of the directories, and have the index say so."""
    repack(open_layout(root), "packed", lambda done, total: None)


def written(layout: Layout, stage: str, rows: Iterable[Packed]) -> Shard:
    """Write a shard that no line names yet."""
    layout.unpublished.mkdir(exist_ok=True)
    shard = write_shard(layout, stage, rows, layout.unpublished)
    assert shard is not None
    layout.unpublished.rmdir()
    return shard


def row_of(layout: Layout, doc_dir: str) -> Packed:
    """Return the row of a document that is a directory."""
    folder = layout.docs / doc_dir
    files = {
        name: (folder / name).read_bytes()
        for name in COLUMNS
        if (folder / name).is_file()
    }
    return packed(doc_dir[-16:], doc_dir, files)


def shards(root: Path) -> list[Shard]:
    """Return the lines of the manifest."""
    return read_manifest(open_layout(root))


def shard_of(root: Path, stage: str) -> Shard:
    """Return the first shard of a stage."""
    return next(shard for shard in shards(root) if shard.stage == stage)


def rows_of(root: Path, shard: Shard) -> list[Packed]:
    """Return the rows of a shard that is not damaged."""
    return list(PackedDocuments(open_layout(root)).content_of(shard))


def unpacked(root: Path) -> dict[str, dict[str, bytes]]:
    """Return the files of every document that readers find."""
    documents = PackedDocuments(open_layout(root))
    return {
        row.doc_dir: row.files
        for shard in documents.shards()
        for row in documents.content_of(shard)
    }


def replaced(root: Path, shard: Shard, rows: Iterable[Packed]) -> Shard:
    """Put a shard of other rows in the place of a shard, with the right line."""
    layout = open_layout(root)
    new = written(layout, shard.stage, rows)
    lines = [new if each == shard else each for each in read_manifest(layout)]
    write_manifest(layout, lines)
    if new.file != shard.file:
        (layout.packs / shard.file).unlink()
    return new
