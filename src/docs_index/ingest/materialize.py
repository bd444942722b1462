"""From the last build to directories, index rows, the bad list and the reports.

The plan is models/plan over the build and the index; this module carries it out, in
an order that a kill at any moment leaves whole: a document is complete before it is
published, as a directory or in a shard, and published before it has a row. Contract:
docs/rules.md, section 11.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import duckdb

from docs_index.disk.directories import remove_tree
from docs_index.disk.lock import take_lock
from docs_index.disk.scratch import remove_leftovers
from docs_index.disk.workers import Workers, started_workers
from docs_index.errors import VERIFY, DataRootError, StorageError
from docs_index.index.database import end_run
from docs_index.ingest.absent_folders import absent_folders
from docs_index.ingest.csv_reports import load_index, start_survey, write_reports
from docs_index.ingest.current_lists import (
    BadList,
    is_altered,
    read_bad_list,
    write_lists,
)
from docs_index.ingest.document_files import DocumentFiles
from docs_index.ingest.placer import Batch
from docs_index.ingest.placing import HISTORIES, Directories, Store
from docs_index.ingest.shard_tasks import ShardWriters
from docs_index.ingest.shrunk import load_known_documents, refuse_shrunk
from docs_index.layout import IndexFormat, Layout, LayoutKind
from docs_index.packs.index_rows import Relation, add_rows, row_count
from docs_index.packs.manifest import INDEX_TABLES, read_index_rows
from docs_index.progress import Progress
from docs_index.resources import sql
from docs_index.warehouse.build_record import attach_build, find_build
from docs_index.warehouse.histories.outcomes import Outcome, read_outcomes
from docs_index.warehouse.index_faults import naming_index
from docs_index.warehouse.session import Session, opened_session

_FEW = 500  # documents for which other processes would start too late
_TRANSACTION = 10_000  # documents whose rows are inserted together
# Write orders by table: drafts and links, essays, evaluations, then all histories.
_PHASES = (0, 30_000_000_000, 40_000_000_000, HISTORIES, 10**18)
_SUMMARY = "select topic, name, amount from build.plan.run_summary order by topic, rank"
_FIELDS = "select * exclude (source_number) from build.plan.history_fields"
_FOLDERS = {"directories": "docs/", "packed": "docs/packs/"}
_FAILED = "insert into run.failed_writes values (?, ?, ?)"


@dataclass(frozen=True)
class Options:
    """What a run is asked to do.

    `kind` and `index_format` say how a new index stores documents and their rows.
    """

    run_id: str | None = None
    dry_run: bool = False
    workers: int = 1
    link: bool = False
    allow_shrunk: bool = False
    kind: LayoutKind | None = None
    index_format: IndexFormat | None = None


@dataclass(frozen=True)
class HistoryField:
    """In how many records of a source a field of histories.yml was there."""

    source: str
    field: str
    value: str | None
    records: int
    present: int


@dataclass(frozen=True)
class Summary:
    """What a run did, or with `dry_run` would have done.

    `documents` counts what became of the build's documents: placed, found, skipped,
    and each kind of conflict. `damaged` counts documents of the index whose directory
    is not what it should be, 0 in a dry run, which does not look. `rejected_tables`,
    `missing_folders`, `unmatched_patterns` (of histories.yml) and `examples` are lines
    of words; `notices` counts each kind of notice, and `notice_examples` are a few of
    each. `history_outcomes` and `history_fields` are in the order of histories.yml.
    """

    data_root: str
    run_id: str
    dry_run: bool
    layout: LayoutKind
    index_format: IndexFormat
    documents: dict[str, int]
    placed_by_stage: dict[str, int]
    bad_rows_by_reason: dict[str, int]
    counters: dict[str, int]
    missing_tables: list[str]
    rejected_tables: list[str]
    missing_folders: list[str]
    unmatched_patterns: list[str]
    bad_rows_added: int
    bad_list_is_altered: bool
    damaged: int
    changed_files: list[str]
    examples: list[str]
    notices: dict[str, int]
    notice_examples: list[str]
    history_outcomes: list[Outcome]
    history_fields: list[HistoryField]

    @property
    def conflicts(self) -> int:
        """The number of documents that could not be ingested and need the user."""
        harmless = ("placed", "found", "skipped")
        return sum(n for what, n in self.documents.items() if what not in harmless)


def materialize(
    layout: Layout,
    options: Options,
    progress: Progress,
    writers: ShardWriters | None = None,
) -> Summary:
    """Bring the index of a data root up to its last build.

    `progress` is called with how many documents are done and how many there are.
    Where documents are packed, `writers` may write the shards of the tables.

    Raises:
        DocsIndexError: nothing was written.
        OSError, duckdb.Error: reading or writing failed; what has been written is
            whole, and another run completes it.
    """
    layout, lock = _begun(layout, dry_run=options.dry_run)
    with naming_index(layout.index), opened_session(layout) as session:
        session.db.execute("set threads = 1")  # others would be in the workers' way
        run_id = attach_build(session.db, layout, options.run_id)
        bad_list = read_bad_list(session)
        session.open_index(
            dry_run=options.dry_run,
            kind=options.kind,
            index_format=options.index_format,
        )
        refuse_links(session.kind, link=options.link)
        load_known_documents(session, run_id)
        if not options.allow_shrunk:
            refuse_shrunk(session)
        bad_list_is_altered = is_altered(session, bad_list)
        store = _store(session, options, writers)
        with started_workers(
            _useful_workers(session, options), store.module, lock
        ) as workers:
            surveyed = None
            if not options.dry_run:
                surveyed = start_survey(session, workers)
            session.insert("run.absent_folders", absent_folders(session))
            session.keep("planned", "build.plan.planned_documents")
            added = session.count("build.plan.unlisted_bad_rows")
            outcomes = _place_all(session, store, options, workers, progress)
            changed: list[str] = []
            if surveyed is not None:
                changed += [_FOLDERS[session.kind]] if outcomes["placed"] else []
                changed += _write_lists(session, bad_list, outcomes)
                load_index(session)
                count = session.count("stored.documents")
                with session.closing_index():
                    changed += map(layout.within, write_reports(session, surveyed))
                end_run(layout.index, count)
        return Summary(
            data_root=str(layout.root),
            run_id=run_id,
            dry_run=options.dry_run,
            layout=session.kind,
            index_format=session.storage.index_format,
            bad_rows_added=added,
            bad_list_is_altered=bad_list_is_altered,
            changed_files=changed,
            **_counted(session, outcomes),
        )


def _begun(layout: Layout, *, dry_run: bool) -> tuple[Layout, int | None]:
    """Take the lock; a dry run writes nothing, so it takes none."""
    if dry_run:
        return layout.for_looking(), None
    find_build(layout)  # before the lock: it would make the folder
    lock = take_lock(layout.lock)
    remove_leftovers(layout)
    return layout, lock


def refuse_links(kind: LayoutKind, *, link: bool) -> None:
    """Refuse hard links where documents are packed.

    Raises:
        DataRootError: says to leave the option out.
    """
    if link and kind == "packed":
        raise DataRootError(
            "--link makes hard links in directories, and the layout of this data root "
            "is packed: leave it out"
        )


def _store(session: Session, options: Options, writers: ShardWriters | None) -> Store:
    parser_sql, max_bytes = session.one(sql("ingest/settings_of_build.sql"))
    files = DocumentFiles(
        build=str(session.layout.build),
        data_root=str(session.layout.root),
        max_bytes=max_bytes,
        parser_sql=parser_sql,
    )
    if session.kind == "packed":
        # Imported here: nanoarrow takes 40 ms, in each worker too.
        from docs_index.ingest.packing import Packs

        return Packs(session, files, writers, dry_run=options.dry_run)
    return Directories(session, files, dry_run=options.dry_run, link=options.link)


def _useful_workers(session: Session, options: Options) -> int:
    documents = session.count("build.main.documents") + session.count(
        "stored.documents"
    )
    return options.workers if documents > _FEW else 1


def _place_all(
    session: Session,
    store: Store,
    options: Options,
    workers: Workers,
    progress: Progress,
) -> Counter[str]:
    """Write documents and then their rows; return how many had which outcome.

    Rows are inserted by a thread, so that workers never wait for what to do next.
    """
    outcomes: Counter[str] = Counter()
    total = session.count("build.plan.pending")
    if not options.dry_run:
        if total:
            session.make_writable()
        store.prepare(is_needed=total > 0)
    inserted: deque[Future[None]] = deque()

    def counted(batches: Iterator[Batch]) -> Iterator[Batch]:
        for batch in batches:
            outcomes.update(batch.outcomes)
            progress(outcomes.total(), total)
            yield batch

    placed = counted(_placed(session, store, workers))
    with session.db.cursor() as cursor, ThreadPoolExecutor(1) as thread:
        for batches in _gathered(placed):
            if not options.dry_run:
                insert = partial(_insert_rows, session, cursor, batches)
                inserted.append(thread.submit(insert))
            while inserted and inserted[0].done():
                inserted.popleft().result()
        for rows in inserted:
            rows.result()
    if not options.dry_run:
        remove_tree(session.layout.unpublished)
        _count_inserted(session, total)
    return outcomes


def _placed(session: Session, store: Store, workers: Workers) -> Iterator[Batch]:
    """Write what is pending, in its write order.

    A table's documents begin when the table before is done: the descendants of a
    document that could not be placed are not pending any more. Records of histories
    follow one another within their files: a directory whose ancestor fails meanwhile
    stays without a row, as one of a killed run does.
    """
    for first, end in pairwise(_PHASES):
        for batch in store.placed(workers, {"first": first, "last": end - 1}):
            for failed in batch.failed:
                session.db.execute(_FAILED, failed)
            yield batch


def _write_lists(
    session: Session, bad_list: BadList, outcomes: Counter[str]
) -> list[str]:
    """Bring the current lists and the bad list up to date; return the changed files."""
    files = write_lists(session, bad_list)
    has_new_rows = bool(outcomes["placed"] or outcomes["found"])
    if has_new_rows and session.layout.index not in files:
        files.insert(0, session.layout.index)
    return [session.layout.within(file) for file in files]


def _gathered(results: Iterable[Batch]) -> Iterator[list[Batch]]:
    """Join batches until they are worth a transaction, and their range is complete."""
    gathered: list[Batch] = []
    documents = 0
    for batch in results:
        gathered.append(batch)
        documents += batch.outcomes.total()
        if documents >= _TRANSACTION and batch.ends:
            yield gathered
            gathered, documents = [], 0
    if gathered:
        yield gathered


def _insert_rows(
    session: Session, cursor: duckdb.DuckDBPyConnection, batches: Sequence[Batch]
) -> None:
    """Insert the rows of documents that are there, all of them or none."""
    places = {"first": batches[0].first, "last": batches[-1].last}
    (due,) = cursor.execute(sql("ingest/pending_count.sql"), places).fetchall()[0]
    if session.storage.index_format == "parquet":
        inserted = _add_rows(session.layout, cursor, places)
    else:
        cursor.execute("begin")
        insert = sql("ingest/insert_batch.sql")
        (inserted,) = cursor.execute(insert, places).fetchall()[0]
        cursor.execute(sql("ingest/insert_links.sql"), places)
        cursor.execute("commit")
    placed = sum(
        batch.outcomes["placed"] + batch.outcomes["found"] for batch in batches
    )
    if inserted != due or placed < due:
        raise StorageError(
            f"{placed} documents were written, but {inserted} index rows: run again"
        )


def _add_rows(
    layout: Layout, cursor: duckdb.DuckDBPyConnection, places: dict[str, int]
) -> int:
    """Write the rows of a range of documents to Parquet; return how many."""
    query = sql("ingest/new_index_rows.sql")
    before = {"before": row_count(read_index_rows(layout))}
    relations = {
        table: Relation(
            query, {**places, **before, "table_name": f"build.main.{table}"}
        )
        for table in INDEX_TABLES
    }
    return add_rows(cursor, layout, relations)


def _count_inserted(session: Session, total: int) -> None:
    """Check that the index has the row of every document that was placed.

    What is inserted need not be there: a trigger can drop it.

    Raises:
        StorageError: it lacks some.
    """
    if not total:
        return
    session.see_new_rows()
    lacking = session.db.execute(sql("ingest/uninserted.sql")).fetchall()
    if lacking:
        raise StorageError(
            f"{session.layout.index} has not taken the rows of {len(lacking)} "
            f"documents, such as docs/{lacking[0][0]}, and reported no error, as where "
            f"a trigger drops them; {VERIFY}; then run again to complete"
        )


def _counted(session: Session, outcomes: Counter[str]) -> dict[str, Any]:
    """Return the counts of a summary, of the plan as it has ended."""
    lines: dict[str, dict[str, Any]] = defaultdict(dict)
    for topic, name, amount in session.rows(_SUMMARY):
        lines[topic][name] = amount
    written = {"placed": outcomes["placed"], "found": outcomes["found"]}
    return {
        "documents": written | lines["skipped"] | lines["conflict"],
        "placed_by_stage": lines["stage"],
        "bad_rows_by_reason": lines["reason"],
        "counters": dict(
            session.rows("from build.main.backfill_counters order by all")
        ),
        "missing_tables": list(lines["missing_table"]),
        "rejected_tables": list(lines["whole_table"]),
        "missing_folders": list(lines["missing_folder"]),
        "unmatched_patterns": list(lines["unmatched_pattern"]),
        "damaged": lines["damaged"]["damaged"],
        "examples": list(lines["example"]),
        "notices": lines["notice"],
        "notice_examples": list(lines["notice_example"]),
        "history_outcomes": read_outcomes(session.db),
        "history_fields": [HistoryField(*row) for row in session.rows(_FIELDS)],
    }
