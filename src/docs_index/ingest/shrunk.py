"""Refuse to work from tables that have lost most of what documents were made of.

SQL decides: the model shrunk_sources compares the documents of the index with the rows
of the build. This module loads the documents that the index has, and says what is
wrong. Writes nothing.
"""

from docs_index.errors import ShrunkTableError
from docs_index.resources import sql
from docs_index.warehouse.session import Session

_COLUMNS = "source_name, documents, vanished, reason, now_bad, rows_before, rows_now"
_SHRUNK = f"select {_COLUMNS} from build.plan.shrunk_sources"


def load_known_documents(session: Session, run_id: str) -> None:
    """Copy the documents that the index has before the run adds any."""
    documents = sql("ingest/known_documents.sql")
    session.db.execute(
        f"insert into run.known_documents {documents}", {"run_id": run_id}
    )


def refuse_shrunk(session: Session) -> None:
    """Check that the tables still have the rows of most documents.

    Raises:
        ShrunkTableError: a table has lost more than half of them.
    """
    faults = [_fault(*found) for found in session.rows(_SHRUNK)]
    if faults:
        raise ShrunkTableError(
            "\n".join(faults) + "\nnothing was written: restore the table, or pass "
            "--allow-shrunk if it is right as it is"
        )


def _fault(
    name: str,
    documents: int,
    vanished: int,
    reason: str | None,
    now_bad: int,
    rows_before: int | None,
    rows_now: int,
) -> str:
    lost = [f"{vanished} have no row now"] if vanished else []
    lost += [f"{now_bad} have a row that is {reason} now"] if now_bad else []
    before = f"had {rows_before} rows in the last run, " if rows_before else ""
    return (
        f"{name} has changed: it {before}has {rows_now} now; "
        f"of the {documents} documents that were made from it, {' and '.join(lost)}"
    )
