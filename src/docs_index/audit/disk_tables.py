"""Load the content of `docs/` into tables, for checks and for a new index.

Owns the tables `found`, `shards`, `entries`, `metadata_texts` and `recorded` of a
session. Reads documents through an inspector only, and writes nothing outside of
`scratch`.
"""

from pathlib import Path

from docs_index.audit.inspector import Inspector
from docs_index.disk.workers import Workers
from docs_index.progress import Progress
from docs_index.resources import rendered, sql
from docs_index.warehouse.session import Session

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
    """Create these tables from the documents on disk.

    `progress` is called with the number of things inspected, and the number of all that
    are known so far, at least `expected`.
    """
    session.db.execute(sql("audit/found.sql"))
    statement = sql("audit/found_lines.sql")
    done = 0
    for lines in workers.map(inspector.look, inspector.parts()):
        done += load_lines(session, statement, lines, scratch)
        progress(done, max(done, expected))
    statement = sql("audit/shard_lines.sql")
    for lines in workers.map(inspector.check, inspector.shards()):
        load_lines(session, statement, lines, scratch)
    session.db.execute(sql("audit/found_files.sql"))
    session.db.execute(rendered("recorded.sql"))


def load_lines(session: Session, statement: str, lines: bytes, scratch: Path) -> int:
    """Add lines of JSON to a table by an insert statement; return their number."""
    if not lines:
        return 0
    path = scratch / "lines.json"
    path.write_bytes(lines)
    longest = max(DUCKDB_LONGEST, len(lines))
    session.db.execute(statement, {"path": str(path), "longest": longest})
    return lines.count(b"\n")
