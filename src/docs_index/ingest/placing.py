"""Put the documents of a run into directories, in batches.

Owns which documents are written and synced together, and the folders above them.
"""

from collections.abc import Iterator
from typing import Final, Protocol

from docs_index.disk.directories import remove_tree
from docs_index.disk.workers import Workers
from docs_index.errors import DataRootError
from docs_index.ingest.document_files import DocumentFiles
from docs_index.ingest.placer import Batch, Placer
from docs_index.paths import is_link, is_there
from docs_index.resources import sql
from docs_index.vocabulary import STAGES
from docs_index.warehouse.session import Session

HISTORIES: Final = 50_000_000_000
"""Write orders from this one on are those of records of histories."""

_BATCHES = range(500, 4000)  # documents that are placed and synced together
_BATCH_BYTES = 16 * 2**20


class Store(Protocol):
    """Where a run puts documents; worker processes import `module`."""

    module: str

    def prepare(self, *, is_needed: bool) -> None:
        """Remove what a killed run left, and make the folders that are needed."""

    def placed(self, workers: Workers, phase: dict[str, int]) -> Iterator[Batch]:
        """Write what is pending from one write order to another."""


class Directories:
    """The directories of a data root, for a run that adds some."""

    module = Placer.__module__

    def __init__(
        self, session: Session, files: DocumentFiles, *, dry_run: bool, link: bool
    ) -> None:
        self._session = session
        layout = session.layout
        self._placer = Placer(
            files=files,
            docs=str(layout.docs),
            unpublished=str(layout.unpublished),
            link=link,
            dry_run=dry_run,
        )

    def prepare(self, *, is_needed: bool) -> None:
        """Make the folders that are needed; remove what a killed run left there."""
        if not is_needed:
            return
        layout = self._session.layout
        remove_tree(layout.unpublished)
        if is_there(layout.unpublished):
            layout.unpublished.unlink()
        layout.unpublished.mkdir(parents=True)
        pending = self._session.rows("select distinct stage from build.plan.pending")
        for stage in (*STAGES, *(stage for (stage,) in pending)):
            folder = layout.docs / stage
            if is_link(folder):
                raise DataRootError(f"{folder} is a link: put the folder itself there")
            folder.mkdir(exist_ok=True)

    def placed(self, workers: Workers, phase: dict[str, int]) -> Iterator[Batch]:
        """Write what is pending from one write order to another."""
        return workers.map(self._placer.place, self._batches(phase, workers.count))

    def _batches(self, phase: dict[str, int], workers: int) -> Iterator[list[int]]:
        """Yield the write orders of a phase, in batches of bounded bytes.

        A large batch is cheaper to look up; towards the end of the phase, which all
        workers wait for, they become small.
        """
        query = sql("ingest/pending_between.sql")
        pending = self._session.db.execute(query, phase).fetchall()
        start = 0
        while start < len(pending):
            most = (len(pending) - start) // (3 * workers)
            most = min(max(most, _BATCHES.start), _BATCHES.stop)
            batch: list[int] = []
            size = 0
            for write_order, text_bytes in pending[start : start + most]:
                if batch and size + text_bytes > _BATCH_BYTES:
                    break
                batch.append(write_order)
                size += text_bytes
            yield batch
            start += len(batch)
