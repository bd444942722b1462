"""The two CSV reports: the latest documents, and the index compared with the disk.

Owns when the survey of `docs/` begins and when the reports are written; what they say
is in models/plan. Writes nothing but the two files.
"""

from concurrent.futures import Future
from itertools import chain
from pathlib import Path

from docs_index.disk.workers import Workers
from docs_index.ingest.presence import PackSurvey, Survey
from docs_index.packs.manifest import read_manifest
from docs_index.warehouse.csv_files import publish_copy
from docs_index.warehouse.session import Session, chunks

_CHUNK = 1000


def load_index(session: Session) -> None:
    """Copy the data that the reports need, so that the index may be closed."""
    session.keep("indexed_documents", "build.main.stg_stored__documents")


def start_survey(session: Session, workers: Workers) -> Future[Path]:
    """Start a survey of the documents, which writes a file in the background.

    A document that is written meanwhile may be missing in it: see the model
    documents_consistency_report.
    """
    survey = Survey(str(session.layout.docs))

    def write() -> Path:
        lines = workers.map(survey.lines, chunks(survey.keys(), _CHUNK))
        if session.kind == "packed":
            shards = read_manifest(session.layout)
            lines = chain(lines, workers.map(PackSurvey(session.layout).lines, shards))
        return session.write_lines("directories", lines)

    return workers.in_background(write)


def write_reports(session: Session, surveyed: Future[Path]) -> list[Path]:
    """Write both reports, from the data of `load_index` and a survey.

    Returns the files that changed.
    """
    changed = _write_report(session, "latest", "build.plan.documents_latest_report")
    session.insert_file("run.directories", surveyed.result())
    session.keep("consistency_rows", "build.plan.documents_consistency_report")
    return changed + _write_report(session, "consistency", "run.consistency_rows")


def _write_report(session: Session, name: str, relation: str) -> list[Path]:
    path = session.layout.report(name)
    is_new = publish_copy(session.db, path, f"from {relation}", session.scratch)
    return [path] if is_new else []
