"""Read a cohort from disk: its evaluations, and the tables that running them needs.

The membership comes from membership.csv only; the parsers of templates and the names of
models at the endpoint come from their tables. Writes nothing.
"""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from sys import intern

import duckdb

from docs_index.cohorts.models import Model, read_models
from docs_index.cohorts.prompts import Prompts
from docs_index.errors import BlockedError, CohortError, TableRefusedError, first_few
from docs_index.layout import Layout
from docs_index.paths import is_file, is_folder, naming
from docs_index.vocabulary import STAGES
from docs_index.warehouse.cohort_ids import is_path_component
from docs_index.warehouse.cohort_inputs import load_table
from docs_index.warehouse.csv_grammar import MAX_LINE_BYTES, check_table
from docs_index.warehouse.parsers import AnyParser, parser_for

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


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation of a cohort, as membership.csv has it."""

    gen_id: str
    essay_id: str
    template_id: str
    llm_model_id: str


@dataclass(frozen=True)
class Campaign:
    """A cohort's evaluations in order, and the tables that running them needs.

    `parsers` has the parser of each template, None without one.
    """

    layout: Layout
    cohort_id: str
    evaluations: dict[str, Evaluation]
    parsers: dict[str, str | None]
    models: dict[str, Model]

    @cached_property
    def prompts(self) -> Prompts:
        """The prompts of its data root."""
        return Prompts(self.layout)

    @cached_property
    def parsing(self) -> AnyParser:
        """The parsers of its data root.

        Raises:
            TableRefusedError: the table of parsers is refused.
        """
        return parser_for(self.layout)

    def folder(self, evaluation: Evaluation) -> Path:
        """Return the directory of an evaluation."""
        return self.layout.generation("evaluation", evaluation.gen_id)

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

    def prompt(self, evaluation: Evaluation) -> str:
        """Return the prompt of an evaluation, by its template and essay as they are.

        Raises:
            BlockedError: one of them is missing or cannot be used.
        """
        return self.prompts.rendered(evaluation.template_id, evaluation.essay_id)

    def parser(self, evaluation: Evaluation) -> str | None:
        """Return the parser of an evaluation's template, None without one.

        Raises:
            BlockedError: the template is not in its table, or its parser not known.
        """
        table, template_id = self.layout.evaluation_templates, evaluation.template_id
        if template_id not in self.parsers:
            raise BlockedError(
                f"{evaluation.gen_id}: template {template_id} is not in {table}: add it"
            )
        parser = self.parsers[template_id]
        if parser is not None and parser not in self.parsing.names:
            raise BlockedError(
                f"{evaluation.gen_id}: template {template_id} has the parser "
                f"{parser!r} in {table}, which is none of "
                f"{', '.join(sorted(self.parsing.names))}: correct it"
            )
        return parser

    def model(self, evaluation: Evaluation) -> Model:
        """Return the model that an evaluation asks.

        Raises:
            BlockedError: it is not in its table.
        """
        model = self.models.get(evaluation.llm_model_id)
        if model is None:
            raise BlockedError(
                f"model {evaluation.llm_model_id} is not in {self.layout.models}: "
                "add it"
            )
        return model


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
                row["gen_id"],
                intern(row["parent_gen_id"]),  # many evaluations share these
                intern(row["template_id"]),
                intern(row["llm_model_id"]),
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
        models=read_models(layout),
    )  # fmt: skip


def read_ids(path: Path) -> list[str]:
    """Return the ids of a file, one a line; blank lines and `#` lines do not count.

    Raises:
        CohortError: the file is missing, or not UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError) as error:
        raise CohortError(f"{path} cannot be read: {error}") from error
    ids = [line.strip(_BLANKS) for line in lines]
    return [gen_id for gen_id in ids if gen_id and not gen_id.startswith("#")]


def cohorts_built(layout: Layout) -> list[str]:
    """Return the cohorts that have a membership.csv, by name."""
    if not is_folder(layout.cohorts):
        return []
    return sorted(
        name
        for name in os.listdir(layout.cohorts)
        if is_path_component(name) and is_file(layout.membership(name))
    )


def read_membership(layout: Layout, cohort_id: str) -> Iterator[dict[str, str]]:
    """Return the rows of membership.csv, which are checked, one at a time.

    Raises:
        CohortError: the file is missing.
        TableRefusedError: building a cohort would not write such a file.
    """
    path = layout.membership(cohort_id)
    if not is_file(path):
        built = ", ".join(cohorts_built(layout)) or "none"
        raise CohortError(
            f"{path} is missing: build the cohort first, with docs-index cohort build "
            f"--cohort {cohort_id}; these are built: {built}"
        )
    header = check_table(path).header
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise TableRefusedError(
            f"{path} has no column {', '.join(missing)}: build the cohort again"
        )
    if faults := list(_faults(_rows(path), cohort_id)):
        raise TableRefusedError(
            f"{path} was changed after the cohort was built:\n{first_few(faults)}\n"
            "build the cohort again"
        )
    return _rows(path)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(MAX_LINE_BYTES)
    with naming(path), path.open(newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


def _faults(rows: Iterable[Mapping[str, str]], cohort_id: str) -> Iterator[str]:
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
