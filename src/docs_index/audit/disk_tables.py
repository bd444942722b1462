"""What is on disk under `docs/`, as tables: for checks, and for a new index."""

from pathlib import Path

from docs_index.audit.inspector import Inspector
from docs_index.disk.workers import Workers
from docs_index.progress import Progress
from docs_index.resources import rendered, sql
from docs_index.warehouse.quoting import column_types, literal
from docs_index.warehouse.session import Session, chunks

CHUNK = 500  # documents that a worker looks at together
FEW = 500  # documents that are not worth starting workers for


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
    done = 0
    for lines in workers.map(inspector.look, chunks(inspector.keys(), CHUNK)):
        done += load_lines(session, "found", lines, scratch)
        progress(done, max(done, expected))
    session.db.execute(
        sql("audit/found_files.sql").format(recorded=rendered("recorded.sql"))
    )


def load_lines(session: Session, table: str, lines: bytes, scratch: Path) -> int:
    """Add lines of JSON to a table; return how many there were."""
    relation = session.db.table(table)
    types = zip(relation.columns, relation.types, strict=True)
    path = scratch / f"{table}.json"
    path.write_bytes(lines)
    longest = max(2**24, len(lines))
    session.db.execute(
        f"insert into {table} from read_json({literal(path)}, "
        f"format = 'newline_delimited', columns = {column_types(types)}, "
        f"maximum_object_size = {longest})"
    )
    return lines.count(b"\n")
