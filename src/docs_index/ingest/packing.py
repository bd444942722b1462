"""Put the documents of a run into shards, and the shards into the manifest.

Owns which documents share a shard. A phase's rows are inserted when all of its shards
are listed: a kill before that leaves documents without rows, which the next run finds.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter

from docs_index.disk.workers import Workers
from docs_index.ingest.document_files import DocumentFiles
from docs_index.ingest.pack_placer import PackPlacer
from docs_index.ingest.placer import Batch, Failed, Outcome
from docs_index.ingest.placing import HISTORIES
from docs_index.ingest.shard_tasks import ShardTask, ShardWriters, Written
from docs_index.packs.index_rows import clear_rows
from docs_index.packs.leftovers import prepare_packs, remove_unpublished
from docs_index.packs.manifest import append_to_manifest, read_manifest
from docs_index.packs.reading import shard_paths, sorting_faults
from docs_index.packs.writing import SHARD_BYTES
from docs_index.resources import sql
from docs_index.warehouse.session import Session

_WITH_IDS = ("stored.documents", "build.main.documents")
_LEAST_BYTES = 16 * 2**20  # of contents: less is not worth a shard for each worker


class Packs:
    """The shards of a data root, for a run that adds some."""

    module = PackPlacer.__module__

    def __init__(
        self,
        session: Session,
        files: DocumentFiles,
        writers: ShardWriters | None = None,
        *,
        dry_run: bool,
    ) -> None:
        self._session = session
        self._layout = session.layout
        self._writers = writers
        unpublished = str(session.layout.unpublished)
        self._placer = PackPlacer(files, unpublished, dry_run=dry_run)

    def prepare(self, *, is_needed: bool) -> None:
        """Remove what a killed run left, and make the folder that is needed."""
        remove_unpublished(self._layout)
        indexed, built = (partial(self._known, table) for table in _WITH_IDS)
        prepare_packs(self._layout, indexed, built)
        clear_rows(
            self._layout,
            self._session.storage.index_format,
            lambda ids: [*indexed(ids), *built(ids)],
        )
        if is_needed:
            self._layout.unpublished.mkdir()
        if self._writers is not None:
            of_tables = {"last": HISTORIES - 1}
            new = self._session.rows(sql("ingest/new_bytes.sql"), of_tables)
            [(file_bytes,)] = new
            if not self._writers.takes(self._session.db, file_bytes):
                self._writers = None

    def _known(self, table: str, doc_ids: Collection[str]) -> list[str]:
        """Return those of the ids that a table has."""
        known = {"table_name": table, "listed": ",".join(doc_ids)}
        rows = self._session.db.execute(sql("ingest/known_ids.sql"), known)
        return [doc_id for (doc_id,) in rows.fetchall()]

    def placed(self, workers: Workers, phase: dict[str, int]) -> Iterator[Batch]:
        """Write what is pending from one write order to another, as shards."""
        query = sql("ingest/pending_count.sql")
        (count,) = self._session.db.execute(query, phase).fetchall()[0]
        if not count:
            return
        yield self._found(phase)
        for written in self._written(workers, phase):
            new = [each.shard for each in written if each.shard is not None]
            if new:
                append_to_manifest(self._layout, new)
            for each in written:
                good: Counter[Outcome] = Counter({"placed": each.placed})
                yield _batch(phase, good, each.failed)
        yield _batch(phase, Counter(), [])._replace(ends=True)

    def _written(
        self, workers: Workers, phase: dict[str, int]
    ) -> Iterator[Sequence[Written]]:
        """Write the shards of a phase; yield those that can be listed together."""
        if self._writers and phase["last"] < HISTORIES:
            yield self._writers.written(self._placer.files, self._tasks(phase, 1))
            return
        tasks = self._tasks(phase, workers.count)
        for written in workers.map(self._placer.pack, tasks):
            yield [written]

    def _found(self, phase: dict[str, int]) -> Batch:
        """Return what shards have already: a killed run did not insert their rows.

        A document with another raw text is a conflict. `run.found_in_shards` has all.
        """
        shards = read_manifest(self._layout)
        files = {"files": shard_paths(self._layout, shards)}
        self._session.db.execute(sql("ingest/found_in_shards.sql"))
        good: Counter[Outcome] = Counter()
        failed: list[Failed] = []
        if not shards:
            return _batch(phase, good, failed)
        with sorting_faults(self._layout, shards):
            find = sql("ingest/find_in_shards.sql")
            self._session.db.execute(find, {**phase, **files})
            if self._session.count("run.found_in_shards"):
                compare = sql("ingest/compare_found.sql")
                for order, doc_dir, is_same in self._session.rows(compare, files):
                    if is_same:
                        good["found"] += 1
                    else:
                        failed.append(
                            (order, "directory_conflict", _CONFLICT.format(doc_dir))
                        )
        return _batch(phase, good, failed)

    def _tasks(self, phase: dict[str, int], workers: int) -> Iterator[ShardTask]:
        """Yield the documents of each shard: neighbours in the order of their doc_id.

        A stage gets as few shards as its bytes allow, and one for each worker.
        """
        totals = self._session.rows(sql("ingest/pending_by_stage.sql"), phase)
        full = {stage: _shard_bytes(total, workers) for stage, total in totals}
        pending = self._session.rows(sql("ingest/pending_by_id.sql"), phase)
        for stage, of_stage in groupby(pending, itemgetter(0)):
            orders: list[int] = []
            size = 0
            for _, order, amount in of_stage:
                orders.append(order)
                size += amount
                if size >= full[stage]:
                    yield ShardTask(stage, orders)
                    orders, size = [], 0
            if orders:
                yield ShardTask(stage, orders)


def _shard_bytes(total: int, workers: int) -> int:
    """Return how many bytes a shard of a stage has: all shards have as many."""
    shards = -(-total // SHARD_BYTES)
    if total > workers * _LEAST_BYTES:
        shards = -(-shards // workers) * workers
    return -(-total // shards)


def _batch(
    phase: dict[str, int], good: Counter[Outcome], failed: list[Failed]
) -> Batch:
    """Return a batch within a phase."""
    outcomes = good + Counter(kind for _, kind, _ in failed)
    return Batch(phase["first"], phase["last"], outcomes, failed, ends=False)


_CONFLICT = "docs/packs has another raw text for {}; it was left as it is"
