"""Bring the current lists in the index and bad_generations.csv up to date.

Writes these only. models/plan decides which of them change, and their new content. The
run record in the index has a checksum of the file before the file gets its name, so
that a kill in between is not damage: until the run ends, the old file is right too.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from docs_index.disk.publish import appending
from docs_index.resources import rendered
from docs_index.warehouse.csv_files import read_list, relation_lines
from docs_index.warehouse.session import Session

_NOT_MARTS = {  # lists that do not come from the mart of the same name
    "backfill_conflicts": "build.plan.conflicts",
    "backfill_notices": "build.plan.notices",
    "list_checksums": "run.list_checksums",
}
_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class BadList:
    """The file bad_generations.csv as a run finds it; `newline` is None without one."""

    newline: str | None
    rows: int
    content_hash: str


class RunRecord(NamedTuple):
    """The row of the index's table run_record, which describes the columns."""

    documents: int
    listed_rows: int | None
    listed_hash: str | None
    replaced_hash: str | None


def read_bad_list(session: Session) -> BadList:
    """Load the rows of bad_generations.csv.

    Raises:
        TableRefusedError: rows cannot be appended to the existing file.
    """
    path = session.layout.bad_generations
    columns = session.db.table("build.main.bad_generations").columns
    newline = read_list(session.db, path, columns)
    names = session.columns("run.listed_bad_rows")
    session.keep("listed_bad_rows", f"(select {names} from listed)")
    session.db.execute("drop table listed")
    rows = session.count("run.listed_bad_rows")
    return BadList(newline, rows, _NOTHING if newline is None else _hash(path))


def write_lists(session: Session, found: BadList) -> list[Path]:
    """Replace the current lists, then append to the bad list; return what changed."""
    path = session.layout.bad_generations
    added = session.count("build.plan.unlisted_bad_rows")
    rows = session.db.sql("from build.plan.unlisted_bad_rows")
    newline = found.newline or "\n"
    lines = relation_lines(rows, header=found.newline is None, newline=newline)
    with appending(path, lines, newline) as unpublished:
        content_hash = _hash(unpublished) if unpublished else found.content_hash
        replaced = found.content_hash if unpublished else None
        made = (found.rows + added, content_hash, replaced)
        changed = [session.layout.index] if _replace_lists(session, found, made) else []
    return changed + ([path] if unpublished else [])


def _replace_lists(
    session: Session, found: BadList, made: tuple[int, str, str | None]
) -> bool:
    """Replace lists and record in one transaction; return whether any changed."""
    session.keep("list_checksums", "build.plan.current_checksums")
    session.keep("stored_checksums", f"({rendered('stored_checksums.sql')})")
    changed = [name for (name,) in session.rows("from build.plan.changed_lists")]
    recorded = _recorded(session)
    record = _next_record(recorded, found, made)
    if not changed and record == recorded:
        return False
    session.make_writable()
    session.db.execute("begin")
    for name in changed:
        table = f"{session.lists}.{name}"
        columns = session.columns(table)
        chosen = f"{columns} from {_NOT_MARTS.get(name, f'build.main.{name}')}"
        session.db.execute(f"delete from {table}")
        session.db.execute(
            f"insert into {table} ({columns}) select {chosen} order by all"
        )
    if record != recorded:
        table = f"{session.lists}.run_record"
        session.db.execute(f"delete from {table}")
        session.db.execute(f"insert into {table} values (?, ?, ?, ?)", record)
    session.db.execute("commit")
    return True


def _recorded(session: Session) -> RunRecord | None:
    rows = session.db.execute("from stored.run_record").fetchall()
    return RunRecord(*rows[0]) if rows else None


def _next_record(
    recorded: RunRecord | None, found: BadList, made: tuple[int, str, str | None]
) -> RunRecord:
    """Return the record that goes with the file that this run leaves.

    A file that somebody has changed keeps the record that it contradicts, so that
    verify goes on to find it; one that was lost is begun again.
    """
    if recorded is None:
        return RunRecord(0, *made)
    if _is_altered(recorded, found):
        return recorded
    return RunRecord(recorded.documents, *made)


def is_altered(session: Session, found: BadList) -> bool:
    """Tell whether the bad list is not the one that a run has left."""
    recorded = _recorded(session)
    return recorded is not None and _is_altered(recorded, found)


def _is_altered(recorded: RunRecord, found: BadList) -> bool:
    hashes = (recorded.listed_hash, recorded.replaced_hash)
    is_there = found.newline is not None and recorded.listed_hash is not None
    return is_there and found.content_hash not in hashes


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
