"""The scores of one cohort: what each judge says of each essay, and how they agree.

Reads membership.csv and the files of its evaluations; `sql/` decides every number, and
the rule that a text is a score is that of the dbt models. Writes nothing but files in a
scratch folder.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from docs_index.cohorts.campaign import read_membership
from docs_index.disk.scratch import scratch_folder
from docs_index.layout import Layout
from docs_index.paths import naming
from docs_index.quoting import column_types, glob_escaped, literal
from docs_index.resources import rendered, sql
from docs_index.warehouse.answer_scan import ANSWER_COLUMNS, read_answer

Row = dict[str, Any]

SCORE_COLUMNS = (
    "parent_gen_id",
    "evaluation_template",
    "evaluation_llm_model",
    "n",
    "mean",
    "spread",
    "unscored",
    "essay_mean",
    "essay_rank",
)
"""The columns of the table, in their order."""

_MEMBER_COLUMNS = {
    "member_order": "bigint",
    **dict.fromkeys(
        ("gen_id", "parent_gen_id", "template_id", "llm_model_id"), "varchar"
    ),
}
_COLUMNS = _MEMBER_COLUMNS | ANSWER_COLUMNS


@dataclass(frozen=True)
class CohortScores:
    """The scores of a cohort's evaluations.

    `table` has a row per essay, template and model, the best essay of each template
    first: over the replicates with a score their number `n`, `mean`, and `spread`, the
    sample standard deviation; `unscored` counts the others. `judges` has a row per
    template and model, `agreement` one per template. What is not defined is None.
    `unscored` counts evaluations by reason, a word of the seed `score_errors`.
    """

    cohort_id: str
    evaluations: int
    scored: int
    unscored: dict[str, int]
    agreement: list[Row]
    judges: list[Row]
    table: list[Row]


def cohort_scores(layout: Layout, cohort_id: str) -> CohortScores:
    """Return the scores of a cohort, as they are on disk now.

    Raises:
        CohortError: it has not been built.
        TableRefusedError: its membership.csv is not what building it writes.
        OSError: the machine failed to read a file.
    """
    members = read_membership(layout, cohort_id)
    with scratch_folder(layout.root) as scratch, duckdb.connect() as db:
        _load(db, scratch / "answers.json", _answers(layout, members))
        return compared_scores(db, cohort_id)


def compared_scores(db: duckdb.DuckDBPyConnection, cohort_id: str) -> CohortScores:
    """Return the scores of a cohort whose answers are in the table `answers`."""
    db.execute(f"create temp view scored_answers as {rendered('answer_scores.sql')}")
    db.execute(sql("cohorts/exact_mean.sql"))
    db.execute(sql("cohorts/member_scores.sql"))
    db.execute(sql("cohorts/judge_scores.sql"))
    errors = [error for (error,) in db.execute(_ERRORS).fetchall()]
    return CohortScores(
        cohort_id=cohort_id,
        evaluations=len(errors),
        scored=errors.count(None),
        unscored=dict(Counter(error for error in errors if error)),
        agreement=_rows(db, "agreement"),
        judges=_rows(db, "judges"),
        table=_rows(db, "judge_score_rows"),
    )


_ERRORS = "select error from member_scores order by error"


def _answers(layout: Layout, members: Iterable[Mapping[str, str]]) -> Iterator[Row]:
    """Yield what there is of each evaluation's answer, in the cohort's order."""
    for order, member in enumerate(members, 1):
        if member["stage"] == "evaluation":
            folder = layout.generation("evaluation", member["gen_id"])
            row: Row = {"member_order": order}
            row |= {name: member.get(name) for name in list(_MEMBER_COLUMNS)[1:]}
            yield row | read_answer(str(folder))


def _load(db: duckdb.DuckDBPyConnection, path: Path, rows: Iterable[Row]) -> None:
    """Make the table `answers`, through a file: row by row would take far longer."""
    with naming(path), path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
    types = column_types(_COLUMNS.items())
    lines = f"read_ndjson({literal(glob_escaped(path))}, columns = {types})"
    db.execute(f"create temp table answers as from {lines}")


def _rows(db: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    found = db.execute(sql(f"cohorts/{name}.sql"))
    names = [column for column, *_ in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
