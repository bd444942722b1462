"""The lists in the index that each run replaces, and their checksums."""

from collections.abc import Mapping

from docs_index.resources import sql
from docs_index.warehouse.quoting import identifier
from docs_index.warehouse.session import Session

LISTS = {  # each table, and what it is replaced by
    "bad_generations": "build.main.bad_generations",
    "link_candidates": "build.main.link_candidates",
    "backfill_conflicts": "conflicts",
    "backfill_counters": "build.main.backfill_counters",
    "column_descriptions": "build.main.column_descriptions",
}


def list_checksums(session: Session, lists: Mapping[str, str]) -> str:
    """Return a query, in parentheses, for the checksum of each list's rows."""
    queries = []
    for name, rows in lists.items():
        columns = session.db.table(f"stored.{name}").columns
        values = ", ".join(f"cast({identifier(each)} as varchar)" for each in columns)
        query = sql("warehouse/list_checksum.sql").format(
            table=name, rows=rows, values=values
        )
        queries.append(query)
    return f"({' union all '.join(queries)})"
