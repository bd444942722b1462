"""The SQL models and the plain-Python oracle agree on random data roots."""

import csv
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import oracle
import pytest
from agreement import (
    PLANS,
    Plan,
    ask_oracle,
    build,
    by,
    check,
    write_repairs,
    written_root,
)
from harness import MAX_RESPONSE_BYTES, REPOSITORY, Built, Models
from hypothesis import given, settings
from hypothesis import strategies as st
from roots import (
    PLAIN_TEXTS,
    RESULTS,
    TEXTS,
    DataRoot,
    Style,
    Table,
    columns_of,
    data_roots,
    write_bytes,
)
from sampling import SOAK

from docs_index.warehouse.parsers import TextParser

pytestmark = pytest.mark.soak
FEW, MANY = 5, 2000 if SOAK else 30
few_and_many = pytest.mark.parametrize(
    "examples", [FEW, pytest.param(MANY, marks=pytest.mark.slow)]
)
PARSER_EXAMPLES = 2000 if SOAK else 100
CORPUS = REPOSITORY / "../shared/corpora/daydreaming"

Row = dict[str, Any]


@few_and_many
def test_models_equal_the_oracle(models: Models, examples: int) -> None:
    @settings(max_examples=examples)
    @given(description=data_roots())
    def compare(description: DataRoot) -> None:
        with written_root(description) as root:
            wanted = ask_oracle(root, description)
            built = build(models, root, description)
            check(built, wanted, root, description.max_response_bytes)

    compare()


@few_and_many
def test_models_repair_as_the_oracle_does(models: Models, examples: int) -> None:
    @settings(max_examples=examples // 2)
    @given(description=data_roots(), plans=st.lists(PLANS, min_size=1, max_size=4))
    def compare(description: DataRoot, plans: list[Plan]) -> None:
        with written_root(description) as root:
            write_repairs(root, plans, ask_oracle(root, description))
            try:
                wanted = ask_oracle(root, description)
            except oracle.Refused:
                with pytest.raises(duckdb.Error, match="cannot be applied"):
                    build(models, root, description)
            else:
                built = build(models, root, description)
                check(built, wanted, root, description.max_response_bytes)

    compare()


def crowded_root(seed: int) -> DataRoot:
    """Return a root whose few task ids and instants make every tie there is.

    Files are missing and rows failed; a task may have nothing but such rows.
    """
    rng = random.Random(seed)
    spellings = ["", "T00:00Z", " 01:00:00,0 +01", "T00:00:00.0000009"]
    pools = {
        "task_id": [*["t1", "t2", "t3"] * 5, "t5", "t6"],
        "combo_id": ["c1", "c1", "c2"],
        "template_id": ["idea", "plain"],
        "model_id": ["m1", "m1", "m2"],
        "status": [*["success"] * 5, "failed"],
        "timestamp": [
            f"2025-01-0{day}{rest}" for day in range(1, 5) for rest in spellings
        ],
        "response_file": [
            *["x"] * 5,
            "gone",
            "links_responses/y",
            "links_responses_z/y",
        ],
        "essay_task_id": ["t1", "t2", "t4", "t5", "t6", ""],
        "generation_task_id": ["t1", "t3", "t4", "t5", "t6", ""],
    }
    tables = {}
    for source in RESULTS:
        columns = columns_of(source)
        chosen = [[rng.choice(pools[key]) for key in columns] for _ in range(30)]
        tables[source] = Table(
            [names[0] for names in columns.values()], chosen, Style()
        )
    texts = {"x": b"x", "links_responses/y": b"y", "links_prompts/y": b"prompt of y"}
    texts["links_prompts/z/y"] = b"where a mere prefix would lead"
    files = {f"3_generation/{path}": text for path, text in texts.items()}
    return DataRoot(tables, templates={}, files=files, symlinks={}, fifos=[])


@pytest.mark.parametrize("seed", range(10))
def test_ties_are_decided_as_the_oracle_decides_them(models: Models, seed: int) -> None:
    description = crowded_root(seed)
    with written_root(description) as root:
        built = build(models, root, description)
        limit = description.max_response_bytes
        check(built, ask_oracle(root, description), root, limit)


@pytest.fixture(scope="module")
def parsers(models: Models) -> TextParser:
    return TextParser(models.build(REPOSITORY / "sample").parser_sql)


@settings(max_examples=PARSER_EXAMPLES)
@given(
    texts=st.lists(st.one_of(PLAIN_TEXTS, *TEXTS.values()), min_size=10, max_size=30)
)
def test_parsers_equal_the_oracle(parsers: TextParser, texts: list[str]) -> None:
    asked = [(name, text) for name in oracle.PARSERS for text in texts]
    wanted = [oracle.PARSERS[name](text) for name, text in asked]
    assert parsers.parse([(name, text.encode()) for name, text in asked]) == wanted


def test_an_unknown_parser_is_named_with_its_template(
    models: Models, tmp_path: Path
) -> None:
    write_bytes(
        tmp_path / "1_raw/draft_templates.csv", b"template_id,parser\nt9,no_such\n"
    )
    write_bytes(
        tmp_path / "7_cross_experiment/draft_generation_results.csv",
        b"draft_task_id,combo_id,draft_template,generation_model,generation_status,"
        b"generation_timestamp,response_file\nd1,c,t9,m,success,2025-01-02,x.txt\n",
    )
    with pytest.raises(duckdb.Error, match='template "t9" names parser "no_such"'):
        models.build(tmp_path)


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("keeps_order", [True, False])
def test_neither_threads_nor_the_order_of_work_change_anything(
    models: Models, threads: int, keeps_order: bool
) -> None:
    root = REPOSITORY / "sample"
    alone = models.build(root)
    together = models.build(root, threads=threads, keeps_order=keeps_order)
    assert by("doc_id", together.documents) == by("doc_id", alone.documents)
    assert by("write_order", together.files) == by("write_order", alone.files)
    assert together.counters == alone.counters


def test_the_sample_equals_the_oracle(models: Models) -> None:
    root = REPOSITORY / "sample"
    check(models.build(root), oracle.expected(root), root, MAX_RESPONSE_BYTES)


needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the real corpus is not there"
)


@pytest.fixture(scope="module")
def corpus(models: Models) -> Built:
    """The result of the models for the real corpus next to the repository."""
    return models.build(CORPUS / "data")


def read_expected(name: str) -> list[dict[str, str]]:
    with (CORPUS / "expected_amended" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def as_text(row: Row, columns: Iterable[str]) -> dict[str, str]:
    return {name: "" if row[name] is None else str(row[name]) for name in columns}


@needs_corpus
def test_documents_of_the_corpus_are_as_expected(corpus: Built) -> None:
    wanted = read_expected("documents.csv")
    found = [json.loads(row["meta_small"]) | row for row in corpus.documents]
    texts = [as_text(row, wanted[0]) for row in found]
    assert by("doc_id", texts) == by("doc_id", wanted)


@needs_corpus
def test_bad_rows_of_the_corpus_are_as_expected(corpus: Built) -> None:
    wanted = read_expected("bad_generations.csv")
    texts = [as_text(row, wanted[0]) for row in corpus.bad]
    assert sorted(texts, key=str) == sorted(wanted, key=str)


@needs_corpus
def test_counters_of_the_corpus_are_as_expected(corpus: Built) -> None:
    assert corpus.counters == json.loads(
        (CORPUS / "expected_amended/counters.json").read_text()
    )


@needs_corpus
def test_the_corpus_equals_the_oracle(corpus: Built) -> None:
    root = CORPUS / "data"
    check(corpus, oracle.expected(root), root, MAX_RESPONSE_BYTES)


def test_the_packaged_sql_is_what_the_macros_say(models: Models) -> None:
    """Run `make sql` where this fails: a macro has changed, and its copy has not."""
    analyses = models.analyses()
    assert analyses.keys() == {
        "answer_scores.sql",
        "own_parsers.sql",
        "recorded.sql",
        "parsed_text.sql",
        "stored_checksums.sql",
    }
    for name, text in analyses.items():
        assert (
            REPOSITORY / "src/docs_index/warehouse/rendered" / name
        ).read_text() == text
