"""Bring the current lists in the index and bad_generations.csv up to date.

Writes these only. models/plan decides which of them change, and their new content.
"""

from docs_index.disk.publish import publish_appended
from docs_index.resources import rendered
from docs_index.warehouse.csv_files import read_list, relation_lines
from docs_index.warehouse.session import Session

_NOT_MARTS = {  # lists that do not come from the mart of the same name
    "backfill_conflicts": "build.plan.conflicts",
    "list_checksums": "run.list_checksums",
}


def replace_current_lists(session: Session) -> bool:
    """Replace the current lists in one transaction; return whether any changed."""
    session.keep("list_checksums", "build.plan.current_checksums")
    session.keep("stored_checksums", f"({rendered('stored_checksums.sql')})")
    changed = [name for (name,) in session.rows("from build.plan.changed_lists")]
    if not changed:
        return False
    session.make_writable()
    session.db.execute("begin")
    for name in changed:
        columns = session.columns(f"stored.{name}")
        chosen = f"{columns} from {_NOT_MARTS.get(name, f'build.main.{name}')}"
        session.db.execute(f"delete from stored.{name}")
        session.db.execute(
            f"insert into stored.{name} ({columns}) select {chosen} order by all"
        )
    session.db.execute("commit")
    return True


def read_bad_list(session: Session) -> str | None:
    """Load the rows of bad_generations.csv; return its line end, None without a file.

    Raises:
        TableRefusedError: rows cannot be appended to the existing file.
    """
    columns = session.db.table("build.main.bad_generations").columns
    newline = read_list(session.db, session.layout.bad_generations, columns)
    names = session.columns("run.listed_bad_rows")
    session.keep("listed_bad_rows", f"(select {names} from listed)")
    session.db.execute("drop table listed")
    return newline


def append_bad_list(session: Session, newline: str | None) -> bool:
    """Append the rejected rows that bad_generations.csv lacks, if there are any.

    Creates a missing file. Returns whether anything was written.
    """
    rows = session.db.sql("from build.plan.unlisted_bad_rows")
    lines = relation_lines(rows, header=newline is None, newline=newline or "\n")
    return publish_appended(session.layout.bad_generations, lines, newline or "\n")
