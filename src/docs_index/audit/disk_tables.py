"""Load the content of `docs/` into tables, for checks and for a new index.

Owns the tables `found`, `entries`, `metadata_texts` and `recorded` of a session. Reads
directories through an inspector only, and writes nothing outside of `scratch`.
"""

from pathlib import Path

from docs_index.audit.inspector import Inspector
from docs_index.disk.workers import Workers
from docs_index.progress import Progress
from docs_index.resources import rendered, sql
from docs_index.warehouse.session import Session, chunks

CHUNK = 500  # documents in one call of a worker
FEW = 500  # up to this many documents, starting workers takes longer
DUCKDB_LONGEST = 2**24  # bytes of a line of JSON that DuckDB accepts by default


def survey(
    session: Session,
    inspector: Inspector,
    workers: Workers,
    scratch: Path,
    progress: Progress,
    expected: int,
) -> None:
    """Create the tables `found`, `entries` and `recorded` from the directories.

    `progress` is called with the number of things inspected, and the number of all that
    are known so far, at least `expected`.
    """
    session.db.execute(sql("audit/found.sql"))
    statement = sql("audit/found_lines.sql")
    done = 0
    for lines in workers.map(inspector.look, chunks(inspector.keys(), CHUNK)):
        done += load_lines(session, statement, lines, scratch)
        progress(done, max(done, expected))
    session.db.execute(sql("audit/found_files.sql"))
    session.db.execute(rendered("recorded.sql"))


def load_lines(session: Session, statement: str, lines: bytes, scratch: Path) -> int:
    """Add lines of JSON to a table by an insert statement; return their number."""
    path = scratch / "lines.json"
    path.write_bytes(lines)
    longest = max(DUCKDB_LONGEST, len(lines))
    session.db.execute(statement, {"path": str(path), "longest": longest})
    return lines.count(b"\n")
