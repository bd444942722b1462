"""Build a cohort: dbt computes the membership, then its files are written.

dbt works on a separate database outside of the data root, so that a dry run writes
nothing there, and the documents' build does not change.
"""

from docs_index.cohorts.place import Summary, place_cohort, refuse_faults
from docs_index.disk.lock import take_lock
from docs_index.errors import BuildError
from docs_index.layout import Layout
from docs_index.paths import is_file, is_there
from docs_index.warehouse.dbt_run import build_models, dbt_folder


def build_cohort(
    layout: Layout, cohort_id: str, *, dry_run: bool, prefers_done: bool = False
) -> Summary:
    """Compute a cohort's membership with dbt; unless `dry_run`, write its files.

    With `prefers_done`, others' evaluations that are finished are taken in first.

    Raises:
        CohortError: the inputs have faults; nothing was written.
        BuildError: dbt failed; nothing was written.
        LockedError: another run is active.
        OSError: writing failed; no file is incomplete, and building again completes the
            work.
    """
    if not dry_run and is_there(layout.lock):  # otherwise after dbt found no faults
        take_lock(layout.lock)
    folder = dbt_folder(layout, "cohorts")
    take_lock(folder / ".lock")
    request = {
        "DD_COHORT": cohort_id,
        "DD_PREFER_DONE": "true" if prefers_done else "false",
    }
    failure = build_models(layout, "cohort", folder, request)
    database = folder / "build.duckdb"
    if is_file(database):
        refuse_faults(database, cohort_id)
    if failure:
        raise BuildError(f"dbt could not build cohort {cohort_id}: {failure}")
    if not dry_run:
        take_lock(layout.lock)
    return place_cohort(layout, cohort_id, database, dry_run=dry_run)
