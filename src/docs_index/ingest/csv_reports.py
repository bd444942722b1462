"""The two reports: what stands in the index, held against what stands on disk."""

from concurrent.futures import Future
from pathlib import Path

from docs_index.disk.workers import Workers
from docs_index.ingest.presence import Survey
from docs_index.resources import sql
from docs_index.warehouse.csv_files import publish_copy
from docs_index.warehouse.session import Session, chunks

_CHUNK = 1000


def load_index(session: Session) -> None:
    """Keep what the reports need of the index, which may be closed then."""
    session.db.execute(sql("ingest/indexed.sql"))


def start_survey(session: Session, survey: Survey, workers: Workers) -> Future[Path]:
    """Begin to survey the directories into a file, while this process does the rest.

    What is placed meanwhile may be seen or not.
    """

    def write() -> Path:
        lines = workers.map(survey.lines, chunks(survey.keys(), _CHUNK))
        return session.write_lines("directories", lines)

    return workers.in_background(write)


def write_reports(session: Session, surveyed: Future[Path]) -> list[Path]:
    """Write both reports of the index as `load_index` has found it, and of a survey.

    Returns the files that changed.
    """
    changed = _write_report(session, "latest", sql("ingest/latest_report.sql"))
    session.db.execute(sql("ingest/surveyed.sql"))
    session.insert_file("directories", surveyed.result())
    session.db.execute(sql("ingest/placed_directories.sql"))
    session.db.execute(
        f"create table consistency as {sql('ingest/consistency_report.sql')}"
    )
    return changed + _write_report(session, "consistency", "from consistency")


def _write_report(session: Session, name: str, query: str) -> list[Path]:
    path = session.layout.report(name)
    return [path] if publish_copy(session.db, path, query, session.scratch) else []


def count_damaged(session: Session) -> int:
    """Return how many documents lack a text or hold another, by the report.

    A missing prompt does not count: it may have come after its document, for good.
    """
    return session.count(
        "(from consistency where doc_id is not null "
        "and (missing_raw or missing_parsed or not content_matches))"
    )
