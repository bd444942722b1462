"""Choose essays for a cohort: the best by one template that lack a score by another.

Writes the selection file only; `sql/chosen_essays.sql` decides the order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from docs_index.disk.publish import publish
from docs_index.errors import CohortError
from docs_index.layout import Layout
from docs_index.resources import sql
from docs_index.warehouse.cohort_ids import is_path_component
from docs_index.warehouse.cohort_inputs import load_table

_COLUMNS = ("parent_gen_id", "evaluation_template", "evaluation_llm_model", "score")


@dataclass(frozen=True)
class Wish:
    """Which essays to choose.

    The `top_n` best by the template `baseline` are considered; those without a score by
    the template `target` are chosen. Only scores by `models` count, all without any.
    """

    cohort_id: str
    top_n: int
    baseline: str
    target: str
    models: Sequence[str] = ()


@dataclass(frozen=True)
class Chosen:
    """The best essays, the best first, and the chosen ones: those in `missing`."""

    cohort_id: str
    target: str
    path: Path
    best: list[str]
    missing: list[str]


def choose_essays(layout: Layout, wish: Wish) -> Chosen:
    """Write the best essays that lack a target score to the selection file.

    Nothing is written if no essay lacks one.

    Raises:
        CohortError: no essay has a baseline score, or an id cannot be listed.
        DocsIndexError: the scores are missing, empty or refused.
    """
    with duckdb.connect() as db:
        required = [[name] for name in _COLUMNS]
        meta = {"required": required, "columns": _COLUMNS}
        load_table(db, layout.scores, meta).create("scores")
        values = {
            "baseline": wish.baseline,
            "target": wish.target,
            "models": list(wish.models),
            "top_n": wish.top_n,
        }
        found = db.execute(sql("cohorts/chosen_essays.sql"), values).fetchall()
        if not found:
            raise CohortError(_missing_score(db, layout, wish))
    best = [essay for essay, _ in found]
    missing = [essay for essay, is_missing in found if is_missing]
    odd = [essay for essay in missing if not is_path_component(essay)]
    if odd:
        raise CohortError(
            f"{layout.scores} has the parent_gen_id {odd[0]!r}, which is not an id: "
            "mend it"
        )
    if missing:
        layout.selected_essays.parent.mkdir(exist_ok=True)
        publish(layout.selected_essays, _selection(wish, missing).encode())
    return Chosen(wish.cohort_id, wish.target, layout.selected_essays, best, missing)


def _missing_score(db: duckdb.DuckDBPyConnection, layout: Layout, wish: Wish) -> str:
    if not db.table("scores").fetchone():
        return f"{layout.scores} is empty: aggregate the scores first"
    judges = f" by {', '.join(wish.models)}" if wish.models else ""
    return (
        f"{layout.scores} has no score for template {wish.baseline}{judges}: check "
        "--baseline-template and --average-models"
    )


def _selection(wish: Wish, essays: Sequence[str]) -> str:
    lines = [
        "# mode: evaluation-only",
        "# include-existing-evaluations",
        f"# The best {wish.top_n} essays by {wish.baseline} that have no score for "
        f"{wish.target}, best first.",
        *essays,
    ]
    return "".join(f"{line}\n" for line in lines)
