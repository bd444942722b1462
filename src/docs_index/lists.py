"""The lists beside the documents: the current ones in the index, and the bad list."""

from collections.abc import Mapping

from docs_index.publishing import publish_appended, read_list, relation_lines
from docs_index.quoting import identifier
from docs_index.resources import sql
from docs_index.store import Store

LISTS = {  # each table, and what it is replaced by
    "bad_generations": "build.main.bad_generations",
    "link_candidates": "build.main.link_candidates",
    "backfill_conflicts": "conflicts",
    "backfill_counters": "build.main.backfill_counters",
    "column_descriptions": "build.main.column_descriptions",
}


def replace_current_lists(store: Store) -> bool:
    """Bring the lists in the index up to date at once; tell whether any had changed."""
    store.db.execute(f"create table checksums as from {list_checksums(store, LISTS)}")
    wanted = set(store.rows("from checksums"))
    stored = {name: f"stored.{name}" for name in LISTS}
    found = set(store.rows(list_checksums(store, stored)))
    changed = [name for name, *_ in wanted - found]
    if not changed and wanted == set(store.rows("from stored.list_checksums")):
        return False
    store.make_writable()
    store.db.execute("begin")
    for name in (*changed, "list_checksums"):
        columns = store.columns(f"stored.{name}")
        rows = LISTS.get(name, "checksums")
        store.db.execute(f"delete from stored.{name}")
        store.db.execute(
            f"insert into stored.{name} ({columns}) "
            f"select {columns} from {rows} order by all"
        )
    store.db.execute("commit")
    return True


def list_checksums(store: Store, lists: Mapping[str, str]) -> str:
    """Return a query, in parentheses, for the checksum of each list's rows."""
    queries = []
    for name, rows in lists.items():
        columns = store.db.table(f"stored.{name}").columns
        values = ", ".join(f"cast({identifier(each)} as varchar)" for each in columns)
        query = sql("list_checksum.sql").format(table=name, rows=rows, values=values)
        queries.append(query)
    return f"({' union all '.join(queries)})"


def read_bad_list(store: Store) -> str | None:
    """Load bad_generations.csv as table `listed`; return its line end, None without.

    Raises:
        TableRefusedError: rows cannot be appended to the file that is there.
    """
    columns = store.db.table("build.main.bad_generations").columns
    return read_list(store.db, store.layout.bad_generations, columns)


def count_new_bad_rows(store: Store) -> int:
    """Return how many rows of the build the bad list does not have yet."""
    return store.count(f"({sql('bad_rows.sql')})")


def append_bad_list(store: Store, newline: str | None) -> bool:
    """Append the rows that the bad list lacks; tell whether there were any.

    Without a list, make it.
    """
    rows = store.db.sql(sql("bad_rows.sql"))
    lines = relation_lines(rows, header=newline is None, newline=newline or "\n")
    return publish_appended(store.layout.bad_generations, lines, newline or "\n")
