"""From the last build to directories, index rows, the bad list and the reports.

The plan is SQL (`sql/plan.sql`) over the build and the index; this module carries it
out, in an order that a kill at any moment leaves whole: a directory is complete
before it has its name, and has its name before it has a row. Contract:
docs/rules.md, section 11.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from docs_index.build import attach_build
from docs_index.layout import Layout
from docs_index.lists import append_bad_list, read_bad_list, replace_current_lists
from docs_index.lock import take_lock
from docs_index.placing import Document, Placed, Placer
from docs_index.reports import write_reports
from docs_index.store import Store, opened_store, sql
from docs_index.survey import Survey
from docs_index.workers import Workers, started_workers

_BATCH = 500  # documents that are placed, synced and inserted together
_BATCH_BYTES = 16 * 2**20
_WINDOW = 5000  # documents that the plan is read ahead
_STAGES = ("draft", "essay", "evaluation")  # parents before what hangs on them

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """What a run is asked to do."""

    run_id: str | None = None
    dry_run: bool = False
    workers: int = 1
    link: bool = False


@dataclass(frozen=True)
class Summary:
    """What a run did, or with `dry_run` would have done.

    `documents` counts what became of the build's documents: placed, found, skipped,
    and each kind of conflict. `examples` are lines of words, a few of each kind.
    """

    data_root: str
    run_id: str
    dry_run: bool
    documents: dict[str, int]
    placed_by_stage: dict[str, int]
    bad_rows_by_reason: dict[str, int]
    counters: dict[str, int]
    missing_tables: list[str]
    bad_rows_added: int
    changed_files: list[str]
    examples: list[str]

    @property
    def conflicts(self) -> int:
        """The number of documents that need a person."""
        harmless = ("placed", "found", "skipped")
        return sum(self.documents.values()) - sum(
            self.documents.get(name, 0) for name in harmless
        )


def materialize(layout: Layout, options: Options, progress: Progress) -> Summary:
    """Bring the index of a data root up to its last build.

    `progress` is called with how many documents are done and how many there are.

    Raises:
        DocsIndexError: nothing was written.
        OSError, duckdb.Error: reading or writing failed; what has been written is
            whole, and another run completes it.
    """
    lock = take_lock(layout.lock)
    with opened_store(layout) as store:
        run_id = attach_build(store.db, layout, options.run_id)
        newline = read_bad_list(store)
        store.open_index(dry_run=options.dry_run)
        store.db.execute(f"set variable run_id = {_literal(run_id)}")
        store.db.execute(sql("plan.sql"))
        placer = _placer(store, options)
        changed: list[str] = []
        added = 0
        with started_workers(_useful_workers(store, options), lock) as workers:
            outcomes = _place_all(store, placer, workers, progress)
            if not options.dry_run:
                changed += ["docs/"] if outcomes["placed"] else []
                if replace_current_lists(store) or outcomes["placed"]:
                    changed.append("db/documents.sqlite")
                added = append_bad_list(store, newline)
                changed += ["7_cross_experiment/bad_generations.csv"] if added else []
                survey = Survey(layout.docs, placer.max_bytes)
                reports = write_reports(store, survey, workers)
                changed += [str(path.relative_to(layout.root)) for path in reports]
        summary = Summary(
            data_root=str(layout.root),
            run_id=run_id,
            dry_run=options.dry_run,
            bad_rows_added=added,
            changed_files=changed,
            **_counted(store, outcomes),
        )
        store.close_index()
        return summary


def _placer(store: Store, options: Options) -> Placer:
    parser_sql, max_bytes = store.one(
        "select expression, max_response_bytes "
        "from build.main.parser_sql, build.main.build_record"
    )
    return Placer(
        data_root=store.layout.root,
        docs=store.layout.docs,
        unpublished=store.layout.unpublished,
        max_bytes=max_bytes,
        parser_sql=parser_sql,
        link=options.link,
        dry_run=options.dry_run,
    )


def _useful_workers(store: Store, options: Options) -> int:
    documents = store.count("pending") + store.count("stored.documents")
    return options.workers if documents > _BATCH else 1


def _place_all(
    store: Store, placer: Placer, workers: Workers, progress: Progress
) -> Counter[str]:
    """Write directories and then their rows, batch by batch; count what became of them.

    A stage begins when the one before is done: what hangs on a document that could
    not be placed is not placed either.
    """
    outcomes: Counter[str] = Counter()
    total = store.count("pending")
    if not placer.dry_run:
        shutil.rmtree(placer.unpublished, ignore_errors=True)
    if total and not placer.dry_run:
        placer.unpublished.mkdir(parents=True)
        store.make_writable()
    for stage in _STAGES:
        for placed in workers.map(placer.place, _batches(store, stage)):
            _record(store, placed, insert=not placer.dry_run)
            outcomes.update(result.outcome for result in placed)
            progress(outcomes.total(), total)
        store.db.execute(sql("conflicts.sql"))
    if total and not placer.dry_run:
        placer.unpublished.rmdir()
    return outcomes


def _record(store: Store, placed: Sequence[Placed], *, insert: bool) -> None:
    """Insert the rows of a batch whose directories are there, in one transaction."""
    for result in placed:
        if result.outcome not in ("placed", "found"):
            store.db.execute(
                "insert into failed values (?, ?, ?)",
                [result.doc_id, result.outcome, result.detail],
            )
    if insert:
        columns = store.columns("stored.documents")
        places = [result.place for result in placed]
        store.db.execute(
            sql("insert_batch.sql").format(columns=columns), [min(places), max(places)]
        )


def _batches(store: Store, stage: str) -> Iterator[list[Document]]:
    """Yield the pending documents of a stage, a bounded number of bytes at a time."""
    first, last = store.one(
        "select coalesce(min(place), 0), coalesce(max(place), -1) from pending "
        f"where stage = '{stage}'"
    )
    batch: list[Document] = []
    size = 0
    for start in range(first, last + 1, _WINDOW):
        window = {"stage": stage, "first": start, "last": start + _WINDOW - 1}
        for raw_bytes, *values in store.rows(sql("batch.sql"), window):
            batch.append(Document(*values))
            size += raw_bytes
            if len(batch) == _BATCH or size > _BATCH_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _counted(store: Store, outcomes: Counter[str]) -> dict[str, Any]:
    """Return the counts of a summary; those of documents are of the plan as it ended."""
    conflicts = dict(store.rows("select kind, count(*) from conflicts group by all"))
    documents = {
        "placed": outcomes["placed"],
        "found": outcomes["found"],
        "skipped": store.count("known")
        - store.count("(from known anti join build.main.documents using (doc_id))"),
    }
    return {
        "documents": documents | conflicts,
        "placed_by_stage": dict(store.rows(sql("placed_by_stage.sql"))),
        "bad_rows_by_reason": dict(store.rows(sql("bad_by_reason.sql"))),
        "counters": dict(store.rows("from build.main.backfill_counters order by all")),
        "missing_tables": [
            path for (path,) in store.rows(sql("missing_tables.sql"))
        ],
        "examples": [line for (line,) in store.rows(sql("examples.sql"))],
    }


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
