"""Each list of words has one home, the seeds; what cannot read them equals them."""

import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from harness import REPOSITORY

from docs_index import vocabulary
from docs_index.layout import RESPONSES
from docs_index.resources import seed, sql


class _ReturnedError(Exception):
    """What dbt's `return` hands over."""


def _returned(value: Any) -> None:
    raise _ReturnedError(value)


def macro(file: str, name: str, *arguments: str) -> Any:
    """Return what a macro of dbt, which asks nothing of dbt, returns or renders."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["return"] = _returned
    text = (REPOSITORY / "macros" / file).read_text()
    module: Any = environment.from_string(text).module
    try:
        return getattr(module, name)(*arguments)
    except _ReturnedError as error:
        return error.args[0]


def words_of_check(column: str) -> tuple[str, ...]:
    """Return the words that a check constraint of the index allows."""
    schema = sql("index/schema.sql")
    found = re.findall(rf"\b{column} in \(\s*([^()]*?)\s*\)", schema)
    [listed] = set(found)
    return tuple(re.findall(r"'([^']*)'", listed))


def places_of(order: str) -> list[str]:
    """Return the words of `case … when 'word' then 1 …` in their order."""
    found = re.findall(r"when '(\w+)' then (\d+)", order)
    assert [int(number) for _, number in found] == [*range(1, len(found) + 1)]
    return [word for word, _ in found]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("status", vocabulary.STATUSES),
        ("link_method", vocabulary.JOINS),
    ],
)
def test_checks_of_the_index_allow_the_words_of_the_seeds(
    column: str, words: tuple[str, ...]
) -> None:
    assert words_of_check(column) == words


def test_sql_knows_the_failures_of_the_seed() -> None:
    rows = seed("scores/score_errors")
    failures = [row["score_error"] for row in rows if row["is_failure"] == "true"]
    assert macro("rules/answer_failures.sql", "answer_failures") == failures
    text = (REPOSITORY / "macros/rules/parsed_score.sql").read_text()
    others = {row["score_error"] for row in rows} - set(failures)
    assert others <= set(re.findall(r"'(\w+)'", text))


def test_only_the_first_stage_has_no_parents() -> None:
    parentless = [each for each, of in vocabulary.PARENT_STAGES.items() if not of]
    assert parentless == [vocabulary.STAGES[0]] == ["draft"]


def test_dbt_compiles_the_sources_of_the_seed() -> None:
    tables = macro("rules/source_tables.sql", "source_tables")
    assert tables == [
        {
            "source_csv": row["source_csv"],
            "stage": row["stage"],
            "name": row["results_table"],
        }
        for row in seed("sources")
        if row["results_table"]
    ]


def test_dbt_compiles_the_order_of_the_stages() -> None:
    order = macro("rules/stage_order.sql", "stage_order")
    assert places_of(order) == list(vocabulary.STAGES)


def test_dbt_compiles_the_bounds_of_scores() -> None:
    bounds = macro("rules/score_bounds.sql", "score_bounds")
    assert {"in_last_line": tuple(bounds)} == vocabulary.SCORE_BOUNDS


def test_dbt_compiles_the_folder_of_responses() -> None:
    assert macro("rules/responses_folder.sql", "responses_folder") == RESPONSES
    settings = (REPOSITORY / "dbt_project.yml").read_text()
    assert f"evaluation_root: {RESPONSES}\n" in settings


def test_dbt_parses_by_the_parsers_of_the_seed() -> None:
    text = (REPOSITORY / "macros/parsers/parsed_text.sql").read_text()
    assert tuple(re.findall(r"when '(\w+)'", text)) == vocabulary.PARSERS


@pytest.mark.parametrize("name", ["stages", "sources", "reasons"])
def test_rows_of_a_seed_come_in_their_order(name: str) -> None:
    rows = seed(name)
    assert [int(row["precedence"]) for row in rows] == [*range(1, len(rows) + 1)]


def test_a_wheel_has_the_seeds(tmp_path: Path) -> None:
    builder = REPOSITORY / ".venv/bin/hatchling"
    subprocess.run(
        [builder, "build", "-t", "wheel", "-d", tmp_path],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    seeds = {path.name for path in (REPOSITORY / "seeds").glob("*.csv")}
    with zipfile.ZipFile(wheel) as file:
        packed = {name for name in file.namelist() if name.endswith(".csv")}
    assert {f"docs_index/project/seeds/{name}" for name in seeds} <= packed


def test_macros_are_described_with_typed_arguments() -> None:
    folder = REPOSITORY / "macros"
    signature = re.compile(r"^\{% macro (\w+)\((.*?)\)", re.MULTILINE)
    written = {
        (path.parent, name): re.findall(r"(\w+)(?:=[^,]*)?", arguments)
        for path in folder.rglob("*.sql")
        for name, arguments in signature.findall(path.read_text())
    }
    described = {}
    for path in folder.rglob("_macros.yml"):
        for each in yaml.safe_load(path.read_text())["macros"]:
            arguments = each.get("arguments", [])
            assert each["description"].strip(), each["name"]
            assert all(one["type"] and one["description"] for one in arguments)
            if not each["name"].startswith("materialization_"):
                key = (path.parent, each["name"])
                described[key] = [one["name"] for one in arguments]
    assert described == written
