"""Choose essays for a cohort: the best by one template that lack a score by another.

`sql/chosen_essays.sql` decides which and in which order; `selection_file` writes them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from docs_index.cohorts.selection_file import write_selection
from docs_index.errors import CohortError, DataRootError, first_few
from docs_index.layout import Layout
from docs_index.paths import is_there
from docs_index.resources import sql
from docs_index.warehouse.cohort_ids import is_path_component
from docs_index.warehouse.cohort_inputs import load_table
from docs_index.warehouse.csv_grammar import lines_of_rows

_COLUMNS = ("parent_gen_id", "evaluation_template", "evaluation_llm_model", "score")


@dataclass(frozen=True)
class Wish:
    """Which essays to choose.

    The `top_n` best by the template `baseline` are considered; those without a score by
    the template `target` are chosen. Only scores by `models` count, all if it is None;
    each of them is a model, or several with commas. `scores` is the table, None means
    that of the data root.
    """

    cohort_id: str
    top_n: int
    baseline: str
    target: str
    models: Sequence[str] | None = None
    scores: Path | None = None
    skips_unreadable: bool = False
    replaces: bool = False


@dataclass(frozen=True)
class Chosen:
    """The best essays, the best first, and the chosen ones: those in `missing`.

    `models` are those whose scores were averaged; `models_without_scores` were named
    and have none for the baseline. `judged_in_part` counts the best essays that some of
    `models` did not score. `unreadable_rows` counts the scores that were passed over
    because they are no numbers. `is_target_known` is False if the table of templates
    lacks the target. `path` was written if any essay is missing.
    """

    cohort_id: str
    baseline: str
    target: str
    is_target_known: bool
    scores: str
    models: list[str]
    models_without_scores: list[str]
    unreadable_rows: int
    judged_in_part: int
    best: list[str]
    missing: list[str]
    path: str
    written: bool


def choose_essays(layout: Layout, wish: Wish) -> Chosen:
    """Write the best essays that lack a target score to the selection file.

    Nothing is written if no essay lacks one.

    Raises:
        CohortError: a score is no number, a model is unknown, no essay has a baseline
            score, or an id cannot be listed.
        OutputExistsError: the selection file is not this program's.
        DocsIndexError: the scores are missing, empty or refused.
    """
    path = wish.scores or layout.scores
    with duckdb.connect() as db:
        _load(db, path)
        unreadable = db.execute(sql("cohorts/unreadable_scores.sql")).fetchall()
        if unreadable and not wish.skips_unreadable:
            raise CohortError(_unreadable_scores(path, unreadable))
        baseline = {"baseline": wish.baseline}
        judging = db.execute(sql("cohorts/judging_models.sql"), baseline).fetchall()
        models = _averaged(path, wish, dict(judging))
        values = {
            "baseline": wish.baseline,
            "target": wish.target,
            "models": models,
            "top_n": wish.top_n,
        }
        found = db.execute(sql("cohorts/chosen_essays.sql"), values).fetchall()
    if not found:
        raise CohortError(_missing_score(path, wish, models))
    scoring = [model for model in models if dict(judging)[model]]
    missing = [essay for essay, is_missing, _ in found if is_missing]
    if missing:
        _write(layout, path, wish, missing)
    return Chosen(
        cohort_id=wish.cohort_id,
        baseline=wish.baseline,
        target=wish.target,
        is_target_known=_is_known(layout, wish.target),
        scores=str(path),
        models=scoring,
        models_without_scores=[model for model in models if model not in scoring],
        unreadable_rows=len(unreadable),
        judged_in_part=sum(judges < len(scoring) for _, _, judges in found),
        best=[essay for essay, _, _ in found],
        missing=missing,
        path=str(layout.selected_essays),
        written=bool(missing),
    )


def _load(db: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the table `score_rows` of the scores in a file."""
    if not is_there(path):
        raise DataRootError(
            f"{path} is missing: run docs-index cohort aggregate first, or name "
            "the table with --aggregated-scores"
        )
    meta = {"required": [[name] for name in _COLUMNS], "columns": _COLUMNS}
    load_table(db, path, meta).create("scores")
    db.execute(sql("cohorts/score_rows.sql"))
    if not db.table("score_rows").fetchone():
        raise CohortError(f"{path} is empty: aggregate the scores first")


def _is_known(layout: Layout, template: str) -> bool:
    """Tell whether the table of templates has a template; without a table, it does."""
    path = layout.evaluation_templates
    if not is_there(path):
        return True
    meta = {"required": [["template_id"]], "columns": ["template_id"]}
    with duckdb.connect() as db:
        rows = load_table(db, path, meta).fetchall()
    return template in {(name or "").strip() for _, name in rows}


def _unreadable_scores(
    path: Path, rows: Sequence[tuple[int, str, str, str, str]]
) -> str:
    """Name the rows whose scores are no numbers, as a person finds them in the file."""
    lines = lines_of_rows(path, {row for row, *_ in rows})
    listed = [
        f"line {lines[row]} (row {row}): {text!r}, of {essay} for {template} by {model}"
        for row, text, essay, template, model in rows
    ]
    return (
        f"{path} has scores that are not numbers, in {len(rows)} row(s):\n"
        f"{first_few(listed)}\n"
        "correct them (8.5, not 8,5 or 9/10; blank means no score), or pass "
        "--skip-unreadable to leave these rows out"
    )


def _averaged(path: Path, wish: Wish, known: Mapping[str, bool]) -> list[str]:
    """Return the models whose scores count; `known` are those of the table.

    Raises:
        CohortError: a model is not in the table, or the wish names none.
    """
    if wish.models is None:
        return [model for model, has_scored in known.items() if has_scored]
    models = list(dict.fromkeys(_named(wish.models, known)))
    unknown = [model for model in models if model not in known]
    if unknown or not models:
        raise CohortError(
            f"--average-models names {', '.join(unknown) or 'no model'}: {path} has "
            f"scores by {', '.join(known) or 'no model'}"
        )
    return models


def _named(words: Sequence[str], known: Mapping[str, bool]) -> Iterator[str]:
    """Yield each model of words like `a` and `a,b`; an id may itself have a comma."""
    for word in words:
        if word.strip() in known:
            yield word.strip()
        else:
            yield from (name.strip() for name in word.split(",") if name.strip())


def _missing_score(path: Path, wish: Wish, models: Sequence[str]) -> str:
    judges = f" by {', '.join(models)}" if wish.models is not None else ""
    return (
        f"{path} has no score for template {wish.baseline}{judges}: check "
        "--baseline-template and --average-models"
    )


def _write(layout: Layout, path: Path, wish: Wish, essays: Sequence[str]) -> None:
    odd = [essay for essay in essays if not is_path_component(essay)]
    if odd:
        raise CohortError(
            f"{path} has the parent_gen_id {odd[0]!r}, which is not an id: correct it"
        )
    comment = (
        f"The best {wish.top_n} essays by {wish.baseline} that have no score for "
        f"{wish.target}, best first."
    )
    selection = layout.selected_essays
    write_selection(selection, "select", comment, essays, replaces=wish.replaces)
