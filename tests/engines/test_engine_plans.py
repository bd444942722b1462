"""What dbt makes of the project on Sail: plans, and what its own tests say there."""

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from engine_builds import Engines, needs_engines
from harness import REPOSITORY, Models

pytestmark = needs_engines
PAIRS = re.compile(r"CartesianProduct|BroadcastNestedLoop|CrossJoin|NestedLoopJoin")
OVER_ALL = re.compile(r"over\s*\(\s*(?:order by|\))", re.IGNORECASE)
TEXTS = re.compile(r"'(?:[^'\\]|\\.)*'|--[^\n]*")
IN_BRACKETS = re.compile(r"\(([^()]*)\)")
BETWEEN_TERMS = re.compile(
    r"[,<>=]|\b(?:case|when|then|else|end|and|or|as|from|where|on|select|between|by)\b"
)
# Unit tests whose fixtures only DuckDB can read, by reason.
OF_DUCKDB = {
    "a fixture of a model that only DuckDB builds": {
        "test_backfill_counters__drafts_and_links_are_counted_together",
        "test_backfill_counters__histories_are_counted_apart",
        "test_int_rows__resolved__documents_are_described",
    },
    "a fixture in DuckDB's SQL": {
        "test_int_rows__classified__only_good_rows_are_repeated",
        "test_int_rows__classified__row_keys_count_attempts_in_file_order",
        "test_stg_cross_experiment__repairs__ids_are_byte_for_byte",
    },
    "dbt-spark asks Sail for the columns of a fixture, which are of an odd type": {
        "test_int_repairs__judged__a_timestamp_is_set_where_there_is_none",
        "test_int_repairs__judged__actions_fit_their_rows",
        "test_int_repairs__judged__repeats_are_taken_and_contradictions_are_not",
        "test_int_repairs__matched__a_repaired_timestamp_gives_a_row_key",
        "test_int_repairs__matched__names_a_row_by_key_or_by_index",
        "test_int_repairs__refused__names_what_has_no_document",
    },
    "dbt writes a text of a fixture without its backslashes": {
        "test_document_files__metadata_is_the_index_row_and_meta_small",
        "test_documents__describe_what_was_made_of_a_row",
        "test_int_rows__repaired__repairs_are_listed_as_json",
    },
    "DuckDB judges parsers, before the build": {
        "test_int_parsers__judged__an_expression_is_one_of_re2_with_one_group",
        "test_int_parsers__judged__kinds_paths_and_bounds_are_judged",
        "test_int_parsers__judged__names_are_new_and_stand_once",
    },
}
# Models whose query sqlglot does not make one of Spark, and why.
UNTRANSLATED = {
    "backfill_counters": "it reads what only DuckDB builds",
    "document_links": "the schema of from_json",
    "int_attempts__templated": "a part of a list, as in parts[:-2]",
    "int_drafts__keyed": "the function to_base",
    "int_essays__resolved": "the function to_base",
    "int_evaluations__resolved": "the function to_base",
    "int_parsers__judged": "DuckDB judges parsers, before the build",
    "int_repairs__matched": "the function regexp_full_match",
    "int_rows__classified": "the format of strftime",
    "int_rows__resolved": "it reads what only DuckDB builds",
    "int_rows__retimed": "a lambda with the word lambda",
    "int_rows__unioned": "a lambda with the word lambda",
    "int_table_rows__resolved": "the function regexp_full_match",
    "link_candidates": "a number that is written as 0x",
}


def groups(query: str) -> Iterator[str]:
    """Yield what is in each pair of brackets, with LAMBDA for a group with a lambda."""
    text = TEXTS.sub("''", query)
    while IN_BRACKETS.search(text):
        yield from IN_BRACKETS.findall(text)
        text = IN_BRACKETS.sub(_outline, text)
    yield text


def _outline(group: re.Match[str]) -> str:
    return " LAMBDA " if "->" in group[1] or "LAMBDA" in group[1] else " "


def joins_a_sum(query: str) -> bool:
    """Tell whether a text is joined to a sum that is not in brackets."""
    terms = [term for group in groups(query) for term in BETWEEN_TERMS.split(group)]
    return any("||" in term and re.search(r"\s[-+]\s", term) for term in terms)


def nests_lambdas(query: str) -> bool:
    """Tell whether a lambda is in the body of another."""
    return any("LAMBDA" in group.partition("->")[2] for group in groups(query))


@pytest.fixture(scope="module")
def explained(
    engines: Engines, models: Models, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """One build and its answers: see explaining.py."""
    root = tmp_path_factory.mktemp("planned") / "root"
    shutil.copytree(REPOSITORY / "sample", root)
    target = engines.folder / "target"
    shutil.rmtree(target / "compiled", ignore_errors=True)
    target.mkdir(exist_ok=True)
    (target / "duckdb.json").write_text(json.dumps(models.compiled()))
    outcome = engines.build("sail", root, module="explaining")
    assert outcome.code == 0, outcome.said[-5000:]
    answers: dict[str, Any] = json.loads((target / "explained.json").read_text())
    return answers


def test_no_join_is_of_all_pairs(explained: dict[str, Any]) -> None:
    assert len(explained["plans"]) > 30
    found = {name for name, plan in explained["plans"].items() if PAIRS.search(plan)}
    assert found == set()


def test_no_window_is_over_all_rows(explained: dict[str, Any]) -> None:
    assert len(explained["models"]) > 30
    found = {
        name for name, text in explained["models"].items() if OVER_ALL.search(text)
    }
    assert found == set()


def test_what_joins_a_sum_and_what_nests_lambdas_is_found() -> None:
    assert joins_a_sum("select 'x' || count(*) - 5") and joins_a_sum("f(a + 1 || b)")
    assert not joins_a_sum("select 'x - ' || (a - 5) || g(b - 1), c - 1 as d -- || -")
    assert nests_lambdas("transform(a, each -> filter(b, other -> other > each))")
    assert not nests_lambdas("aggregate(filter(a, b -> b), c, (d, e) -> concat(d, e))")


def test_no_text_is_joined_to_a_sum_without_brackets(explained: dict[str, Any]) -> None:
    """`'x' || n - 5` is a text on DuckDB, and null on an engine."""
    found = {name for name, text in explained["models"].items() if joins_a_sum(text)}
    assert found == set()


def test_no_lambda_is_in_another(explained: dict[str, Any]) -> None:
    """Sail would lose columns that the inner one names."""
    found = {name for name, text in explained["models"].items() if nests_lambdas(text)}
    assert found == set()


def test_the_tests_of_data_are_part_of_a_build(explained: dict[str, Any]) -> None:
    """All but those of what DuckDB alone builds."""
    folder = REPOSITORY / "tests/dbt"
    of_duckdb = {"assert_every_record_ends_in_one_place"}
    wanted = {path.stem for path in folder.glob("*.sql")} - of_duckdb
    assert explained["data_tests"] == dict.fromkeys(wanted, "pass")


@pytest.mark.parametrize("fault", ["a key twice", "a null"])
def test_a_test_finds_what_no_constraint_refuses(
    explained: dict[str, Any], fault: str
) -> None:
    """Tables of Parquet files have no constraints."""
    assert "Got 1 result" in explained["spoiled"][fault]


def test_unit_tests_pass_where_their_fixtures_can_be_read(
    explained: dict[str, Any],
) -> None:
    failed = {
        name: said for name, said in explained["unit_tests"].items() if said != "pass"
    }
    assert len(explained["unit_tests"]) > 50
    assert failed.keys() == set().union(*OF_DUCKDB.values()), failed


def test_a_translation_of_the_models_of_duckdb_gives_the_same_rows(
    explained: dict[str, Any],
) -> None:
    """sqlglot translates without knowing the macros of the engines."""
    opinions = explained["second_opinions"]
    assert len(opinions) > 30
    other = {name: said for name, said in opinions.items() if said != "equal"}
    assert other.keys() == UNTRANSLATED.keys(), other
    assert not any("rows differ" in said for said in other.values()), other
