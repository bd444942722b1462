"""Write a cohort's files from the last build of its models.

New generations are published first, and membership.csv last, so that a kill at any
moment leaves the store complete. When the cohort is built again, its generations that
exist count as its own, so that the result is the same.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from docs_index.cohorts.campaign import COLUMNS, open_campaign
from docs_index.cohorts.states import State
from docs_index.cohorts.survey import Survey, plan_fields, surveyed
from docs_index.disk.directories import (
    opened_staging,
    remove_tree,
    sync_file_system,
)
from docs_index.disk.publish import csv_lines, publish
from docs_index.errors import CohortError
from docs_index.layout import Layout
from docs_index.resources import sql


@dataclass(frozen=True)
class Summary:
    """The members of a cohort, and the calls that it needs.

    `members` counts drafts, essays, existing and new evaluations; `evaluations` counts
    the evaluations by state. `calls_saved` counts the answers that are on disk.
    `templates` are those of the evaluations, `models` has the calls, tokens and money
    of each language model. `unfinished_for_finished` counts members that are unfinished
    while finished evaluations, which could take their places, are left out. `blocked`
    counts the evaluations by message, `failed` by reason, and `outdated` by template
    those whose answer was made from an earlier text. `unreadable` lists the directories
    of the store that cannot be used.
    """

    data_root: str
    cohort_id: str
    dry_run: bool
    members: dict[str, int]
    evaluations: dict[str, int]
    calls_saved: int
    calls_to_make: int
    templates: list[str]
    models: list[dict[str, Any]]
    unfinished_for_finished: int
    blocked: dict[str, int]
    failed: dict[str, int]
    outdated: dict[str, int]
    unreadable: list[str]
    changed_files: list[str]


def refuse_faults(database: Path, cohort_id: str) -> None:
    """Raise the faults that a build found in its inputs.

    Raises:
        CohortError: the inputs have faults; lists all of them.
    """
    with duckdb.connect(str(database), read_only=True) as db:
        has_faults = db.execute(sql("cohorts/has_faults.sql")).fetchall() == [(True,)]
        faults = db.execute(sql("cohorts/faults.sql")).fetchall() if has_faults else []
    if faults:
        listed = "\n".join(f"  {fault}" for (fault,) in faults)
        raise CohortError(
            f"cohort {cohort_id} cannot be built, nothing was written:\n{listed}"
        )


def place_cohort(
    layout: Layout, cohort_id: str, database: Path, *, dry_run: bool = False
) -> Summary:
    """Write the files of a cohort from its models in `database`, unless `dry_run`.

    The caller holds the lock of the data root.

    Raises:
        CohortError: the models have faults, or were built for another cohort.
        OSError: writing failed; building again completes it.
    """
    refuse_faults(database, cohort_id)
    with duckdb.connect(str(database), read_only=True) as db:
        found = db.execute(sql("cohorts/members.sql")).fetchall()
        rows = [dict(zip(COLUMNS, values, strict=True)) for values in found]
        new = dict(db.execute(sql("cohorts/new_generations.sql")).fetchall())
        messages = db.execute(sql("cohorts/unreadable_generations.sql")).fetchall()
        unreadable = [message for (message,) in messages]
        [(overlooked,)] = db.execute(sql("cohorts/overlooked.sql")).fetchall()
    if {row["cohort_id"] for row in rows} != {cohort_id}:
        raise CohortError(
            f"the last build is of another cohort than {cohort_id}: build it again"
        )
    listed = "".join(csv_lines([COLUMNS, *found])).encode()
    campaign = open_campaign(layout, cohort_id, rows)
    changed = [] if dry_run else _write(layout, cohort_id, listed, new)
    return Summary(
        data_root=str(layout.root),
        cohort_id=cohort_id,
        dry_run=dry_run,
        unfinished_for_finished=overlooked,
        unreadable=unreadable,
        changed_files=changed,
        **_counted(rows, new, surveyed(campaign, new)),
    )


def _write(
    layout: Layout, cohort_id: str, listed: bytes, new: Mapping[str, str]
) -> list[str]:
    """Write new generations, then membership.csv; return the changed paths."""
    remove_tree(layout.unpublished_generations)  # a killed run's
    changed = []
    if new:
        _publish_generations(layout, new)
        changed.append("gens/evaluation/")
    path = layout.membership(cohort_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    if publish(path, listed):
        changed.append(layout.within(path))
    return changed


def _publish_generations(layout: Layout, new: Mapping[str, str]) -> None:
    """Write all directories, sync them together, and publish each.

    Raises:
        CohortError: another program created one of the directories after the build.
    """
    unpublished = layout.unpublished_generations
    unpublished.mkdir(parents=True)
    with opened_staging(unpublished) as staging:
        for gen_id, metadata_text in new.items():
            staging.write(gen_id, {"metadata.json": metadata_text.encode()})
        sync_file_system(unpublished)
        for gen_id in new:
            final = layout.generation("evaluation", gen_id)
            if not staging.publish(gen_id, final):
                raise CohortError(
                    f"{final} was made after the build: build the cohort again"
                )
    unpublished.rmdir()
    sync_file_system(unpublished.parent)


def _counted(
    rows: Sequence[Mapping[str, Any]], new: Mapping[str, str], survey: Survey
) -> dict[str, Any]:
    stages = Counter(row["stage"] for row in rows)
    return {
        "members": {
            "drafts": stages["draft"],
            "essays": stages["essay"],
            "existing_evaluations": stages["evaluation"] - len(new),
            "new_evaluations": len(new),
        },
        "evaluations": {state.value: survey.states[state] for state in State},
        "calls_saved": survey.calls_saved,
        "calls_to_make": survey.states[State.TO_RUN],
        "templates": list(dict.fromkeys(template for template, _ in survey.tallies)),
        "models": [plan_fields(plan) for plan in survey.plans.values()],
        "blocked": dict(survey.blocked),
        "failed": dict(survey.failed),
        "outdated": dict(survey.outdated),
    }
