"""Write documents into shards, one shard a call, in processes of their own.

A shard is complete and synced when a call returns; the parent names it in the manifest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from docs_index.disk.confined import UnusableError
from docs_index.ingest.document_files import DocumentFiles
from docs_index.ingest.placer import Failed
from docs_index.layout import Layout
from docs_index.packs.content import Packed, packed
from docs_index.packs.manifest import Shard
from docs_index.packs.writing import write_shard


class ShardTask(NamedTuple):
    """The documents of a shard, by their write orders, which may be in any order."""

    stage: str
    write_orders: Sequence[int]


class Written(NamedTuple):
    """A shard, None if no document could be written, and those that could not be."""

    shard: Shard | None
    placed: int
    failed: list[Failed]


@dataclass(frozen=True)
class PackPlacer:
    """What all shards of a run have in common; with `dry_run` nothing is written."""

    files: DocumentFiles
    unpublished: str
    dry_run: bool

    def pack(self, task: ShardTask) -> Written:
        """Write the shard of a task.

        Raises:
            OSError, StorageError: the machine failed; no shard was published.
        """
        failed: list[Failed] = []
        rows = self._rows(task.write_orders, failed)
        if self.dry_run:
            return Written(None, sum(1 for _ in rows), failed)
        layout = Layout(Path(self.files.data_root))
        shard = write_shard(layout, task.stage, rows, Path(self.unpublished))
        return Written(shard, shard.documents if shard else 0, failed)

    def _rows(
        self, write_orders: Sequence[int], failed: list[Failed]
    ) -> Iterator[Packed]:
        """Yield the rows of a shard in their order; note what cannot be written."""
        for documents in self.files.planned_by_id(write_orders):
            for document, contents in self.files.contents(documents):
                if isinstance(contents, UnusableError):
                    order = document.write_order
                    failed.append((order, "response_changed", str(contents)))
                    continue
                yield packed(document.doc_id, document.doc_dir, contents)
