"""What is on disk under `docs/`, as tables: for checks, and for a new index.

Owns the tables `found`, `entries`, `metadata_texts` and `recorded` of a session. Reads
directories through an inspector alone, and writes nothing outside of `scratch`.
"""

from pathlib import Path

from docs_index.audit.inspector import Inspector
from docs_index.disk.workers import Workers
from docs_index.progress import Progress
from docs_index.resources import rendered, sql
from docs_index.warehouse.session import Session, chunks

CHUNK = 500  # documents that a worker looks at together
FEW = 500  # documents that are not worth starting workers for
DUCKDB_LONGEST = 2**24  # bytes of a line of JSON that DuckDB takes by itself


def survey(
    session: Session,
    inspector: Inspector,
    workers: Workers,
    scratch: Path,
    progress: Progress,
    expected: int,
) -> None:
    """Make the tables `found`, `entries` and `recorded` of what is on disk.

    `progress` is called with how many things were looked at, and how many there are,
    as far as is known: at least `expected`.
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
