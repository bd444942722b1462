"""Prove that the index and the directories of a data root agree, changing neither.

What agrees is decided in SQL (`sql/verify_*.sql`) over a copy of the index and what
was found on disk. A run may be at work meanwhile: the copy is of one moment, and a
document has its directory before it has its row. What such a run may yet settle is
counted, not judged. Codes: docs/verifying.md.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from docs_index.audit.disk_tables import CHUNK, FEW, load_lines, survey
from docs_index.audit.findings import Finding, Report, in_order
from docs_index.audit.index_checks import check_copy
from docs_index.audit.inspector import Inspector, Wanted
from docs_index.disk.lock import holder_of
from docs_index.disk.scratch import scratch_folder
from docs_index.disk.workers import started_workers
from docs_index.index.snapshot import copy_index
from docs_index.layout import RESPONSES, Layout
from docs_index.progress import Progress
from docs_index.resources import rendered, sql
from docs_index.warehouse.quoting import identifier, literal
from docs_index.warehouse.session import Session, chunks, opened_session
from docs_index.warehouse.sqlite_extension import attach_index

# What a run that is at work leaves for a while, and so does one that was killed.
_UNSETTLED = (
    "directory_unindexed",
    "unfinished_run",
    "lookup_missing",
    "lists_missing",
)


@dataclass(frozen=True)
class Options:
    """What is checked: `share` is that of the documents to read, at most 1."""

    share: float = 0.0
    read_data: str = "none"
    evaluation_root: str = RESPONSES
    workers: int = 1


def verify(layout: Layout, options: Options, progress: Progress) -> Report:
    """Check a data root; nothing in it is changed.

    `progress` is called with how many documents were looked at, and how many there
    are; once for directories, and then once more for what is in them.

    Raises:
        IndexFileError: there is no index, or it is no database of this program.
    """
    before = _state(layout)
    with scratch_folder(layout.root) as scratch:
        copy = copy_index(layout, scratch)
        findings: list[Finding] = []
        is_complete = True
        counts = (0, 0, 0, 0)
        try:
            findings += check_copy(copy, layout.within(layout.index))
            with opened_session(layout) as session:
                _attach(session, copy)
                counts = _compare(session, options, scratch, progress)
                findings += map(Finding._make, session.rows("from findings"))
        except (sqlite3.DatabaseError, duckdb.Error) as error:
            if _is_lack_of_room(error):
                raise
            if not findings:
                findings.append(_damage(layout, error))
            is_complete = False
    running = holder_of(layout.lock)
    undecided = 0
    if running or _state(layout) != before:
        settled = [each for each in findings if each.code not in _UNSETTLED]
        undecided = len(findings) - len(settled)
        findings = settled
    findings, found = in_order(findings)
    documents, directories, documents_read, sources_missing = counts
    return Report(
        data_root=str(layout.root),
        read_data=options.read_data,
        documents=documents,
        directories=directories,
        documents_read=documents_read,
        sources_missing=sources_missing,
        is_complete=is_complete,
        running=running,
        undecided=undecided,
        counts=found,
        findings=findings,
    )


def _is_lack_of_room(error: Exception) -> bool:
    """Tell whether an error says something about the machine, not about the index."""
    return (
        isinstance(error, duckdb.OutOfMemoryException)
        or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or "No space left" in str(error)
    )


def _damage(layout: Layout, error: Exception) -> Finding:
    message = str(error).splitlines()[0]
    return Finding("index_damaged", None, layout.within(layout.index), message)


def _state(layout: Layout) -> list[tuple[int, int] | None]:
    """Return what changes when a run begins, or writes rows."""
    log = layout.index.with_name(f"{layout.index.name}-wal")
    found: list[tuple[int, int] | None] = []
    for path in (layout.lock, layout.index, log):
        status = path.stat() if path.exists() else None
        found.append(status and (status.st_mtime_ns, status.st_size))
    return found


def _attach(session: Session, copy: Path) -> None:
    # Whatever type a damaged value has, it is to be shown.
    session.db.execute("set sqlite_all_varchar = true")
    attach_index(session.db, copy, read_only=True)
    session.db.execute(sql("audit/verify_tables.sql"))
    session.db.execute(sql("audit/findings.sql"))


def _compare(
    session: Session, options: Options, scratch: Path, progress: Progress
) -> tuple[int, int, int, int]:
    """Fill the table `findings`.

    Returns the numbers of documents, directories, documents that were read, and
    response files that are not there.
    """
    documents = session.count("documents")
    inspector = Inspector(str(session.layout.root), str(session.layout.docs))
    count = options.workers if documents > FEW else 1
    with started_workers(count, Inspector.__module__, None) as workers:
        survey(session, inspector, workers, scratch, progress, documents)
        wanted = session.rows(
            sql("audit/verify_wanted.sql"),
            {"share": options.share, "evaluation_root": options.evaluation_root},
        )
        tasks = chunks((Wanted(*row) for row in wanted), CHUNK)
        done = 0
        for lines in workers.map(inspector.read, tasks):
            done += load_lines(session, "contents", lines, scratch)
            progress(done, documents)
    for statement, values in _checks(session):
        session.db.execute(f"insert into findings {statement}", values)
    return (
        documents,
        session.count("(from found where is_document)"),
        session.count("(from contents where is_read)"),
        session.count("(from contents where is_source_missing)"),
    )


def _checks(session: Session) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the queries for findings, with the values that they take."""
    index = {"index": session.layout.within(session.layout.index)}
    checksums = f"({rendered('stored_checksums.sql')})"
    yield sql("audit/verify_directories.sql"), {}
    yield metadata_check(session.db.table("stored.documents").columns), {}
    yield sql("audit/verify_lineage.sql"), {}
    yield sql("audit/verify_contents.sql"), {}
    yield sql("audit/verify_lists.sql").format(checksums=checksums), index


def metadata_check(columns: Iterable[str]) -> str:
    """Return the query that holds every column of a row against metadata.json."""
    differences = ", ".join(map(_difference, columns))
    return sql("audit/verify_metadata.sql").format(differences=differences)


def _difference(column: str) -> str:
    """Return SQL for what a column is in the row and in metadata.json, if not alike."""
    row = f"documents.{identifier(column)}"
    file = f"cast(recorded.{identifier(column)} as varchar)"
    words = f"{literal(column + ' is ')} || {{}} || ' in the row, ' || {{}} || ' here'"
    said = words.format(
        *(f"coalesce(left({each}, 200), 'null')" for each in (row, file))
    )
    return f"case when {row} is distinct from {file} then {said} end"
