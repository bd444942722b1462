"""Write documents into shards, one shard a call, in processes of their own.

A shard is complete and synced when a call returns; the parent names it in the manifest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from docs_index.disk.confined import UnusableError
from docs_index.ingest.document_files import DocumentFiles, Planned
from docs_index.ingest.placer import Failed
from docs_index.ingest.shard_tasks import ShardTask, Written
from docs_index.layout import Layout
from docs_index.packs.content import Packed, packed
from docs_index.packs.writing import write_shard


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
        planned = self.files.planned_by_id(task.write_orders)
        return self.pack_planned(task.stage, planned)

    def pack_planned(self, stage: str, planned: Iterable[list[Planned]]) -> Written:
        """Write the shard of documents that the caller has looked up, as `pack` does.

        They are in the order of their doc_id, some hundred at a time.
        """
        failed: list[Failed] = []
        rows = self._rows(planned, failed)
        if self.dry_run:
            return Written(None, sum(1 for _ in rows), failed)
        layout = Layout(Path(self.files.data_root))
        shard = write_shard(layout, stage, rows, Path(self.unpublished))
        return Written(shard, shard.documents if shard else 0, failed)

    def _rows(
        self, planned: Iterable[list[Planned]], failed: list[Failed]
    ) -> Iterator[Packed]:
        """Yield the rows of a shard in their order; note what cannot be written."""
        for documents in planned:
            for document, contents in self.files.contents(documents):
                if isinstance(contents, UnusableError):
                    order = document.write_order
                    failed.append((order, "response_changed", str(contents)))
                    continue
                yield packed(document.doc_id, document.doc_dir, contents)
