"""The lists beside the documents: the current ones in the index, and the bad list."""

from docs_index.disk.publish import publish_appended
from docs_index.resources import sql
from docs_index.warehouse.csv_files import read_list, relation_lines
from docs_index.warehouse.list_checksums import LISTS, list_checksums
from docs_index.warehouse.session import Session


def replace_current_lists(session: Session) -> bool:
    """Bring the lists in the index up to date at once; tell whether any had changed."""
    session.db.execute(
        f"create table checksums as from {list_checksums(session, LISTS)}"
    )
    wanted = set(session.rows("from checksums"))
    stored = {name: f"stored.{name}" for name in LISTS}
    found = set(session.rows(list_checksums(session, stored)))
    changed = [name for name, *_ in wanted - found]
    if not changed and wanted == set(session.rows("from stored.list_checksums")):
        return False
    session.make_writable()
    session.db.execute("begin")
    for name in (*changed, "list_checksums"):
        columns = session.columns(f"stored.{name}")
        rows = LISTS.get(name, "checksums")
        session.db.execute(f"delete from stored.{name}")
        session.db.execute(
            f"insert into stored.{name} ({columns}) "
            f"select {columns} from {rows} order by all"
        )
    session.db.execute("commit")
    return True


def read_bad_list(session: Session) -> str | None:
    """Load bad_generations.csv as table `listed`; return its line end, None without.

    Raises:
        TableRefusedError: rows cannot be appended to the file that is there.
    """
    columns = session.db.table("build.main.bad_generations").columns
    return read_list(session.db, session.layout.bad_generations, columns)


def count_new_bad_rows(session: Session) -> int:
    """Return how many rows of the build the bad list does not have yet."""
    return session.count(f"({sql('ingest/bad_rows.sql')})")


def append_bad_list(session: Session, newline: str | None) -> bool:
    """Append the rows that the bad list lacks; tell whether there were any.

    Without a list, make it.
    """
    rows = session.db.sql(sql("ingest/bad_rows.sql"))
    lines = relation_lines(rows, header=newline is None, newline=newline or "\n")
    return publish_appended(session.layout.bad_generations, lines, newline or "\n")
