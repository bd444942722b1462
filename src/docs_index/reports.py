"""The two reports: what stands in the index, held against what stands on disk."""

from collections.abc import Collection
from itertools import chain
from pathlib import Path

from docs_index.publishing import publish_copy
from docs_index.store import Store, chunks, sql
from docs_index.survey import Survey
from docs_index.workers import Workers

_CHUNK = 1000


def load_index(store: Store) -> None:
    """Keep what the reports need of the index, which may be closed then."""
    store.db.execute(sql("indexed.sql"))


def write_reports(
    store: Store, survey: Survey, workers: Workers, new_keys: Collection[str]
) -> list[Path]:
    """Survey the directories and write both reports; return the files that changed.

    They are of the index as `load_index` has found it. What this run placed below
    `new_keys`, which it made, is not read once more: there is nothing else.
    """
    store.db.execute(sql("surveyed.sql"))
    keys = (key for key in survey.keys() if key not in new_keys)  # noqa: SIM118
    looks = workers.map(survey.look, chunks(keys, _CHUNK))
    store.insert("directories", chain.from_iterable(looks))
    store.db.execute(sql("placed_directories.sql"))
    store.db.execute(f"create table consistency as {sql('consistency_report.sql')}")
    reports = {"latest": sql("latest_report.sql"), "consistency": "from consistency"}
    changed = []
    for name, query in reports.items():
        path = store.layout.report(name)
        if publish_copy(store.db, path, query, store.scratch):
            changed.append(path)
    return changed


def count_damaged(store: Store) -> int:
    """Return how many documents lack a text or hold another, by the report.

    A missing prompt does not count: it may have come after its document, for good.
    """
    return store.count(
        "(from consistency where doc_id is not null "
        "and (missing_raw or missing_parsed or not content_matches))"
    )
