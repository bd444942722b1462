"""The two reports: what stands in the index, held against what stands on disk."""

from concurrent.futures import Future
from pathlib import Path

from docs_index.publishing import publish_copy
from docs_index.resources import sql
from docs_index.store import Store, chunks
from docs_index.survey import Survey
from docs_index.workers import Workers

_CHUNK = 1000


def load_index(store: Store) -> None:
    """Keep what the reports need of the index, which may be closed then."""
    store.db.execute(sql("indexed.sql"))


def start_survey(store: Store, survey: Survey, workers: Workers) -> Future[Path]:
    """Begin to survey the directories into a file, while this process does the rest.

    What is placed meanwhile may be seen or not.
    """

    def write() -> Path:
        lines = workers.map(survey.lines, chunks(survey.keys(), _CHUNK))
        return store.write_lines("directories", lines)

    return workers.in_background(write)


def write_reports(store: Store, surveyed: Future[Path]) -> list[Path]:
    """Write both reports of the index as `load_index` has found it, and of a survey.

    Returns the files that changed.
    """
    changed = _write_report(store, "latest", sql("latest_report.sql"))
    store.db.execute(sql("surveyed.sql"))
    store.insert_file("directories", surveyed.result())
    store.db.execute(sql("placed_directories.sql"))
    store.db.execute(f"create table consistency as {sql('consistency_report.sql')}")
    return changed + _write_report(store, "consistency", "from consistency")


def _write_report(store: Store, name: str, query: str) -> list[Path]:
    path = store.layout.report(name)
    return [path] if publish_copy(store.db, path, query, store.scratch) else []


def count_damaged(store: Store) -> int:
    """Return how many documents lack a text or hold another, by the report.

    A missing prompt does not count: it may have come after its document, for good.
    """
    return store.count(
        "(from consistency where doc_id is not null "
        "and (missing_raw or missing_parsed or not content_matches))"
    )
