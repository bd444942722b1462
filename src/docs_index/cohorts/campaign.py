"""Read a cohort from disk: its evaluations, and the tables that running them needs.

The membership comes from membership.csv only; the parsers of templates and the names of
models at the endpoint come from their tables. Writes nothing.
"""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from docs_index.errors import CohortError, TableRefusedError, first_few
from docs_index.layout import Layout
from docs_index.paths import is_file, is_folder, naming
from docs_index.vocabulary import STAGES
from docs_index.warehouse.cohort_ids import is_path_component
from docs_index.warehouse.cohort_inputs import load_table
from docs_index.warehouse.csv_grammar import MAX_LINE_BYTES, check_table

COLUMNS = (
    "stage",
    "gen_id",
    "cohort_id",
    "parent_gen_id",
    "combo_id",
    "template_id",
    "llm_model_id",
    "replicate",
)
_BLANKS = " \t\r\n"


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of a cohort, as membership.csv has it."""

    gen_id: str
    essay_id: str
    template_id: str
    llm_model_id: str


@dataclass(frozen=True)
class Campaign:
    """A cohort's evaluations in order, and the tables that running them needs.

    `parsers` has the parser of each template, None without one. `models` has the name
    of each model at the endpoint.
    """

    layout: Layout
    cohort_id: str
    evaluations: dict[str, Evaluation]
    parsers: dict[str, str | None]
    models: dict[str, str]

    def folder(self, evaluation: Evaluation) -> Path:
        """Return the directory of an evaluation."""
        return self.layout.generation("evaluation", evaluation.gen_id)

    def essay_folder(self, evaluation: Evaluation) -> Path:
        """Return the directory of the essay that it judges."""
        return self.layout.generation("essay", evaluation.essay_id)

    def evaluation(self, gen_id: str) -> Evaluation:
        """Return a member by its gen_id.

        Raises:
            CohortError: the cohort has no such evaluation.
        """
        try:
            return self.evaluations[gen_id]
        except KeyError:
            raise CohortError(
                f"{gen_id} is not an evaluation of cohort {self.cohort_id}: see "
                f"{self.layout.membership(self.cohort_id)}"
            ) from None


def open_campaign(
    layout: Layout, cohort_id: str, members: Iterable[Mapping[str, str]] | None = None
) -> Campaign:
    """Return a cohort as it was built, or with `members` as it will be.

    Raises:
        CohortError: it has not been built.
        DocsIndexError: a table is missing or refused.
    """
    if members is None:
        members = read_membership(layout, cohort_id)
    return Campaign(
        layout,
        cohort_id,
        evaluations={
            row["gen_id"]: Evaluation(
                row["gen_id"], row["parent_gen_id"], row["template_id"],
                row["llm_model_id"],
            )
            for row in members
            if row["stage"] == "evaluation"
        },
        parsers={
            template_id: parser or None
            for template_id, parser in _pairs(
                layout.evaluation_templates, "template_id", "parser"
            )
        },
        models={
            model_id: model or model_id
            for model_id, model in _pairs(layout.models, "id", "model")
        },
    )  # fmt: skip


def cohorts_built(layout: Layout) -> list[str]:
    """Return the cohorts that have a membership.csv, by name."""
    if not is_folder(layout.cohorts):
        return []
    return sorted(
        name
        for name in os.listdir(layout.cohorts)
        if is_path_component(name) and is_file(layout.membership(name))
    )


def read_membership(layout: Layout, cohort_id: str) -> list[dict[str, str]]:
    """Return the rows of membership.csv.

    Raises:
        CohortError: the file is missing.
        TableRefusedError: building a cohort would not write such a file.
    """
    path = layout.membership(cohort_id)
    if not is_file(path):
        raise CohortError(
            f"{path} is missing: build the cohort first, with "
            f"python scripts/build_cohort.py --cohort {cohort_id}"
        )
    header = check_table(path).header
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise TableRefusedError(
            f"{path} has no column {', '.join(missing)}: build the cohort again"
        )
    csv.field_size_limit(MAX_LINE_BYTES)
    with naming(path), path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if faults := list(_faults(rows, cohort_id)):
        raise TableRefusedError(
            f"{path} is not what building a cohort writes:\n{first_few(faults)}\n"
            "build the cohort again"
        )
    return rows


def _faults(rows: Sequence[Mapping[str, str]], cohort_id: str) -> Iterator[str]:
    """Yield each sign that membership.csv was edited by hand."""
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, 1):
        stage, gen_id = row["stage"], row["gen_id"]
        if stage not in STAGES:
            yield f"row {number} has the stage {stage!r}"
        if row["cohort_id"] != cohort_id:
            yield f"row {number} is of cohort {row['cohort_id']!r}"
        names = [gen_id]
        names += [row["parent_gen_id"]] if stage != "draft" else []
        names += [row["template_id"]] if stage == "evaluation" else []
        for name in names:
            if not is_path_component(name):
                yield f"row {number} has the id {name!r}, which cannot name a file"
        if (stage, gen_id) in seen:
            yield f"row {number} has {stage} {gen_id!r} once more"
        seen.add((stage, gen_id))
    if not any(stage == "evaluation" for stage, _ in seen):
        yield "it has no evaluation"


def _pairs(path: Path, key: str, value: str) -> Sequence[tuple[str, str]]:
    """Return two trimmed columns of a table; a missing value is an empty text."""
    with duckdb.connect() as connection:
        meta = {"required": [[key]], "columns": [key, value]}
        rows = load_table(connection, path, meta).fetchall()
    return [
        ((name or "").strip(_BLANKS), (text or "").strip(_BLANKS))
        for _, name, text in rows
    ]
