"""The page of a cohort: its judges compared, with a chart for each template.

The numbers are those of `cohorts.scores`; `templates/cohort.html` says how they look.
Writes only the page, which needs no other file, and escapes text from data.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs_index.apps.web.dot_plot import dot_plot
from docs_index.apps.web.rendering import render
from docs_index.cohorts.campaign import cohorts_built
from docs_index.cohorts.scores import CohortScores, Row, cohort_scores
from docs_index.disk.publish import publish
from docs_index.errors import DocsIndexError
from docs_index.layout import Layout

_MOST_LISTED = 40  # essays in a table; the CSV of docs-index cohort scores has all


@dataclass(frozen=True)
class CohortPage:
    """A cohort's page, next to the report; or the fault for which there is none."""

    cohort_id: str
    file: str
    scores: CohortScores | None
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
            page = CohortPage(cohort_id, path.name, None, str(error), is_new=False)
        else:
            is_new = write_cohort_page(scores, path)
            page = CohortPage(cohort_id, path.name, scores, None, is_new)
        pages.append(page)
    return pages


def write_cohort_page(scores: CohortScores, path: Path) -> bool:
    """Write the page of a cohort; return whether it changed."""
    models = list(dict.fromkeys(row["evaluation_llm_model"] for row in scores.judges))
    templates = [_template(scores, agreement, models) for agreement in scores.agreement]
    facts = {"scores": scores, "templates": templates, "most_listed": _MOST_LISTED}
    return publish(path, render("cohort.html", facts).encode())


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
