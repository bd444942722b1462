"""Prove that the index and the documents of a data root agree.

SQL compares them (`sql/verify_*.sql`): a copy of the index, and tables of the content
of `docs/`, which are the same for directories and for shards. Runs and programs may add
documents during the check: the copy is of one moment, and a document gets its directory
or its shard before its row. What looks unfinished is
therefore looked at once more at the end. Findings that an active run may yet settle are
counted and left out. Nothing in the data root is written. Codes: docs/verifying.md.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb

from docs_index.audit.bad_list import check_bad_list
from docs_index.audit.disk_tables import FEW, load_lines, survey
from docs_index.audit.findings import Finding, Report, in_order
from docs_index.audit.index_checks import (
    check_copy,
    content_of,
    storage_of_copy,
    write_scores,
)
from docs_index.audit.inline_sources import load_inline_sources
from docs_index.audit.inspecting import inspector_of
from docs_index.audit.inspector import Wanted
from docs_index.audit.listed_shards import (
    ListedShards,
    listed_shards,
    refuse_lost_lines,
    regained_shards,
)
from docs_index.disk.faults import Fault
from docs_index.disk.lock import holder_of, shared_lock
from docs_index.disk.scratch import scratch_folder
from docs_index.disk.workers import started_workers
from docs_index.errors import IndexRowsError, StorageError
from docs_index.index.database import damage_persists
from docs_index.index.snapshot import PATIENCE_S, copy_file, copy_index
from docs_index.index.storage import storage_on_disk
from docs_index.layout import RESPONSES, Layout
from docs_index.packs.index_rows import naming_rows
from docs_index.packs.manifest import INDEX_TABLES, look_at_manifest
from docs_index.packs.reading import shard_paths
from docs_index.paths import is_there
from docs_index.progress import Progress
from docs_index.quoting import literal
from docs_index.resources import rendered, sql
from docs_index.warehouse.faults import fault_of
from docs_index.warehouse.parsers import parser_for
from docs_index.warehouse.session import Session, opened_session
from docs_index.warehouse.sqlite_extension import attach_index

State = list[tuple[int, int] | None]

# The findings that an active run causes for a while, and a killed one leaves.
_UNSETTLED = (
    "directory_unindexed",
    "shard_unlisted",
    "rows_unlisted",
    "unfinished_run",
    "lookup_missing",
    "lists_missing",
    "bad_list_missing",
    "bad_list_differs",
)


_OF_THE_MACHINE = (Fault.FULL, Fault.LOCKED, Fault.STORAGE)


@dataclass(frozen=True)
class Options:
    """What to check.

    `share` is the share of documents whose texts are read, from 0 to 1, and `read_data`
    is the same in the user's words. `evaluation_root` is the folder under the data root
    that evaluations were copied from. `workers` is the number of processes.
    """

    share: float = 0.0
    read_data: str = "none"
    evaluation_root: str = RESPONSES
    workers: int = 1


class Counts(NamedTuple):
    """How many things were checked.

    `documents` counts index rows, `directories` documents on disk, `documents_read` the
    documents whose texts were read, and `sources_missing` those whose response file is
    missing.
    """

    documents: int = 0
    directories: int = 0
    documents_read: int = 0
    sources_missing: int = 0


def verify(layout: Layout, options: Options, progress: Progress) -> Report:
    """Check a data root; change nothing in it.

    `progress` is called with the number of documents checked and the number of all,
    first for the directories, and then again for their texts.

    Raises:
        IndexFileError: the index is missing, or is not a database of this program.
        OSError, sqlite3.Error, duckdb.Error: the machine failed; nothing is proved.
    """
    before = _state(layout)
    with scratch_folder(layout.root) as scratch:
        findings: list[Finding] = []
        of_rows: list[Finding] = []
        is_complete = True
        counts = Counts()
        try:
            copy = copy_index(layout, scratch)
            findings += check_copy(copy, layout.within(layout.index))
            with opened_session(layout) as session:
                attach(session, copy)
                counts = _compare(session, options, scratch, progress)
                findings += map(Finding._make, session.rows("from findings"))
                findings += check_bad_list(session)
                of_rows += _left_rows(session)
        except IndexRowsError as error:
            of_rows.append(_damage(layout, error))
            is_complete = False
        except (sqlite3.DatabaseError, duckdb.Error) as error:
            if fault_of(error) in _OF_THE_MACHINE:  # the index is not at fault
                raise
            if not findings:
                findings.append(_damage(layout, error))
            is_complete = False
        if any(each.code == "index_damaged" for each in findings):
            _refuse_if_passing(layout, scratch)
        findings += of_rows
    unsettled = [each for each in findings if each.code in _UNSETTLED]
    running, left, is_decided = _looked_again(layout, before, unsettled)
    findings = [each for each in findings if each not in unsettled]
    findings, found = in_order(findings + (left if is_decided else []))
    return Report(
        data_root=str(layout.root),
        read_data=options.read_data,
        **counts._asdict(),
        is_complete=is_complete,
        running=running,
        undecided=0 if is_decided else len(left),
        counts=found,
        findings=findings,
    )


def _left_rows(session: Session) -> Iterator[Finding]:
    """Yield what is wrong where rows are in Parquet, and the index is in SQLite."""
    layout = session.layout
    files = look_at_manifest(layout).index_rows
    if session.storage.index_format == "parquet" or not files:
        return
    folder = layout.packs / INDEX_TABLES["documents"]
    paths = shard_paths(layout, [f for f in files if f.stage == folder.name])
    with naming_rows(layout, files):
        lacking = sql("audit/lacking_rows.sql")
        row = session.db.execute(lacking, {"files": paths}).fetchone()
    if row:
        detail = f"it lacks {row[0]}, which has its row in Parquet: it is an older copy"
        yield Finding("index_damaged", None, layout.within(layout.index), detail)
    else:
        detail = "the index has its rows in SQLite, and there are rows in Parquet"
        yield Finding("unfinished_repack", None, layout.within(folder), detail)


def _refuse_if_passing(layout: Layout, scratch: Path) -> None:
    """Copy the index again, and stop if that copy is whole: a read has failed."""
    folder = scratch / "again"
    folder.mkdir()
    if not damage_persists(copy_file(layout, folder)):
        raise StorageError(
            f"{layout.index} could not be read for a moment: verify again"
        )


def _looked_again(
    layout: Layout, before: State, unsettled: list[Finding]
) -> tuple[str | None, list[Finding], bool]:
    """Look again at what a run or a program may have finished during the check.

    Returns the run that is at work, what is left, and whether that stays so: a document
    gets its directory and its row under one lock, so it does while nobody else has it.
    """
    if not unsettled:
        return holder_of(layout.lock), [], True
    with shared_lock(layout.lock, PATIENCE_S) as is_locked:
        running = None if is_locked else holder_of(layout.lock)
        if running is None and _state(layout) == before:
            return None, unsettled, True
        try:
            return running, list(_left(layout, unsettled)), is_locked
        except sqlite3.DatabaseError:  # the findings of the index say so
            return running, unsettled, False


def _left(layout: Layout, unsettled: list[Finding]) -> Iterator[Finding]:
    """Yield the findings that hold for the index and the folder as they are now."""
    with scratch_folder(layout.root) as scratch:
        copy = copy_index(layout, scratch)
        indexed, has_lists = content_of(copy)
        objects = set(check_copy(copy, layout.within(layout.index)))
    found = listed_shards(layout)
    listed = {
        layout.within(layout.packs / shard.file)
        for shard in (*found.shards, *found.index_rows)
    }

    def is_gone(finding: Finding) -> bool:
        return not is_there(layout.root / finding.path)

    for finding in unsettled:
        is_over = {
            "directory_unindexed": finding.path.removeprefix("docs/") in indexed,
            "shard_unlisted": finding.path in listed or is_gone(finding),
            "rows_unlisted": finding.path in listed or is_gone(finding),
            "unfinished_run": is_gone(finding),
            "lookup_missing": finding not in objects,
            "lists_missing": has_lists,
            # A run may have ended meanwhile; these lists are not compared again.
            "bad_list_missing": False,
            "bad_list_differs": False,
        }
        if not is_over[finding.code]:
            yield finding


def _damage(layout: Layout, error: Exception) -> Finding:
    message = str(error).splitlines()[0]
    return Finding("index_damaged", None, layout.within(layout.index), message)


def _state(layout: Layout) -> State:
    """Return a value that changes when a run begins or writes rows."""
    log = layout.index.with_name(f"{layout.index.name}-wal")
    found: State = []
    for path in (layout.lock, layout.index, log, layout.manifest):
        status = path.stat() if is_there(path) else None
        found.append(status and (status.st_mtime_ns, status.st_size))
    return found


def attach(session: Session, copy: Path) -> None:
    """Attach a copy of the index, and make the tables of its rows and of findings.

    The session then knows how the documents are stored.
    """
    scores = copy.with_name("scores.sqlite")
    write_scores(copy, scores)
    session.db.execute(f"attach {literal(scores)} as exact (type sqlite, read_only)")
    session.db.execute(sql("audit/verify_scores.sql"))
    session.db.execute("detach exact")
    # A damaged value can have any type, and findings show it.
    session.db.execute("set sqlite_all_varchar = true")
    attach_index(session.db, copy, read_only=True)
    session.load_seeds("sources", "link_methods", "reasons")
    session.db.execute(sql("audit/verify_tables.sql"))
    session.db.execute(sql("audit/findings.sql"))
    load_inline_sources(session)
    session.storage = storage_of_copy(copy) or storage_on_disk(session.layout)


def _compare(
    session: Session, options: Options, scratch: Path, progress: Progress
) -> Counts:
    """Fill the table `findings`; return how many things were checked."""
    listed = shards_of(session)
    if listed.fault:
        listed = regained_shards(session.layout, listed, doc_dirs_of(session))
    inspect(session, listed, options, scratch, progress)
    _check(session)
    return Counts(
        documents=session.count("documents"),
        directories=session.count("(from found where is_document)"),
        documents_read=session.count("(from contents where is_read)"),
        sources_missing=session.count("(from contents where is_source_missing)"),
    )


def shards_of(session: Session) -> ListedShards:
    """Return the shards that the manifest names, none where documents are directories.

    Raises:
        OSError: the machine failed.
    """
    if session.kind == "directories":
        return ListedShards(())
    is_needed = session.count("documents") > 0
    return listed_shards(session.layout, is_needed=is_needed)


def doc_dirs_of(session: Session) -> Callable[[], Iterator[str]]:
    """Return what yields the doc_dir of every row of the index."""

    def doc_dirs() -> Iterator[str]:
        return (each for (each,) in session.rows("select doc_dir from documents"))

    return doc_dirs


def inspect(
    session: Session,
    listed: ListedShards,
    options: Options,
    scratch: Path,
    progress: Progress,
) -> None:
    """Fill the tables of documents and texts, for the rows of an attached index.

    Raises:
        StorageError: another program has replaced shards meanwhile.
    """
    documents = session.count("documents")
    layout = session.layout
    inspector = inspector_of(layout, session.kind, parser_for(layout), listed)
    count = options.workers if documents > FEW else 1
    with started_workers(count, type(inspector).__module__, None) as workers:
        survey(session, inspector, workers, scratch, progress, documents)
        wanted = session.rows(
            sql("audit/verify_wanted.sql"),
            {
                "share": options.share,
                "evaluation_root": options.evaluation_root,
                "responses": RESPONSES,
            },
        )
        tasks = inspector.batches(Wanted(*row) for row in wanted)
        statement = sql("audit/contents_lines.sql")
        done = 0
        for lines in workers.map(inspector.read, tasks):
            done += load_lines(session, statement, lines, scratch)
            progress(done, documents)
    refuse_lost_lines(layout, listed)


def _check(session: Session) -> None:
    index = {"index": session.layout.within(session.layout.index)}
    for statement in DOCUMENT_CHECKS:
        session.db.execute(sql(statement))
    checksums = rendered("stored_checksums.sql")
    session.db.execute(f"create table made_checksums as {checksums}")
    session.db.execute(sql("audit/verify_lists.sql"), index)
    session.db.execute(sql("audit/verify_links.sql"), index)


DOCUMENT_CHECKS = (
    "audit/verify_shards.sql",
    "audit/verify_directories.sql",
    "audit/verify_metadata.sql",
    "audit/verify_lineage.sql",
    "audit/made_links.sql",
    "audit/verify_targets.sql",
    "audit/verify_contents.sql",
)
