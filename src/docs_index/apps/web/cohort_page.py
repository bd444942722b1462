"""The page of a cohort: how far it is, what it costs, and its judges compared.

The numbers are those of `cohorts.scores` and `cohorts.survey`; `templates/cohort.html`
says how they look, with a chart for each template. Writes only the page, which needs no
other file, and escapes text from data.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs_index.apps.web.dot_plot import dot_plot
from docs_index.apps.web.rendering import origin, render
from docs_index.cohorts.campaign import cohorts_built, open_campaign
from docs_index.cohorts.scores import CohortScores, Row, cohort_scores
from docs_index.cohorts.states import State
from docs_index.cohorts.survey import ModelPlan, Survey, surveyed
from docs_index.disk.publish import publish
from docs_index.errors import DocsIndexError
from docs_index.layout import Layout

_MOST_LISTED = 40  # essays in a table; `docs-index cohort scores --csv` writes all


@dataclass(frozen=True)
class Progress:
    """How far a cohort is and what it costs; or the fault for which nobody knows.

    `costs` has the language models with an answer on disk or a call to make.
    """

    done: int = 0
    states: tuple[tuple[str, int], ...] = ()
    costs: tuple[ModelPlan, ...] = ()
    fault: str | None = None

    @property
    def evaluations(self) -> int:
        """How many evaluations the cohort has."""
        return sum(number for _, number in self.states)

    @property
    def is_complete(self) -> bool:
        """Whether every evaluation is done."""
        return self.fault is None and self.done == self.evaluations


@dataclass(frozen=True)
class CohortPage:
    """A cohort's page, next to the report; or the fault for which there is none."""

    cohort_id: str
    file: str
    scores: CohortScores | None
    progress: Progress | None
    fault: str | None
    is_new: bool


def write_cohort_pages(layout: Layout, report: Path) -> list[CohortPage]:
    """Write a page for each cohort that was built, in the folder of the report.

    A cohort whose membership.csv is refused has no page, but its fault.
    """
    pages = []
    for cohort_id in cohorts_built(layout):
        path = report.with_name(f"{report.stem}_cohort_{cohort_id}.html")
        try:
            layout.refuse_link_out(layout.generations)
            layout.refuse_link_out(layout.cohort(cohort_id))
            scores = cohort_scores(layout, cohort_id)
        except DocsIndexError as error:
            page = CohortPage(cohort_id, path.name, None, None, str(error), False)
        else:
            progress = cohort_progress(layout, cohort_id)
            is_new = publish(path, _page(scores, layout, progress).encode())
            page = CohortPage(cohort_id, path.name, scores, progress, None, is_new)
        pages.append(page)
    return pages


def write_cohort_page(layout: Layout, scores: CohortScores, path: Path) -> bool:
    """Write the page of a cohort; return whether it changed."""
    progress = cohort_progress(layout, scores.cohort_id)
    return publish(path, _page(scores, layout, progress).encode())


def cohort_progress(layout: Layout, cohort_id: str) -> Progress:
    """Return how far a cohort is, and what it costs by model."""
    try:
        survey = surveyed(open_campaign(layout, cohort_id))
    except DocsIndexError as error:
        return Progress(fault=str(error))
    return Progress(
        survey.states[State.DONE],
        tuple((state.value, survey.states[state]) for state in State),
        tuple(_costs(survey)),
    )


def _costs(survey: Survey) -> list[ModelPlan]:
    return [plan for plan in survey.plans.values() if plan.saved.answers or plan.calls]


def _page(scores: CohortScores, layout: Layout, progress: Progress) -> str:
    models = list(dict.fromkeys(row["evaluation_llm_model"] for row in scores.judges))
    templates = [_template(scores, agreement, models) for agreement in scores.agreement]
    facts = {"scores": scores, "templates": templates, "most_listed": _MOST_LISTED}
    facts |= {"origin": origin(layout), "progress": progress}
    return render("cohort.html", facts)


def _template(scores: CohortScores, agreement: Row, models: list[str]) -> Row:
    """Return what the page says of one template."""
    name = agreement["evaluation_template"]
    judges = [row for row in scores.judges if row["evaluation_template"] == name]
    essays: dict[str, dict[str, Any]] = {}
    for row in scores.table:
        if row["evaluation_template"] == name:
            essay = essays.setdefault(row["parent_gen_id"], {"cells": {}})
            essay |= {key: row[key] for key in ("essay_rank", "essay_mean")}
            essay["cells"][row["evaluation_llm_model"]] = row
    scored = {essay: found for essay, found in essays.items() if found["essay_rank"]}
    return {
        "name": name,
        "agreement": agreement,
        "judges": judges,
        "essays": list(scored.items()),
        "essays_without": len(essays) - len(scored),
        "plot": dot_plot(scored, models),
    }
