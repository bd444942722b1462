"""The SQL models and the plain-Python oracle agree on random data roots."""

import csv
import json
import os
import random
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import oracle
import pytest
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
    write_root,
)

from docs_index.errors import DocsIndexError
from docs_index.parsing import TextParser
from docs_index.responses import Folder

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
EXAMPLES = 2000 if SOAK else 100
DAMAGED_EXAMPLES = 1000 if SOAK else 50
PARSER_EXAMPLES = 2000 if SOAK else 100
INDEX_COLUMNS = [
    "doc_id", "logical_key_id", "stage", "task_id", "parent_doc_id", "template_id",
    "model_id", "run_id", "row_key", "parser", "status", "created_at", "doc_dir",
    "raw_bytes", "raw_chars", "parsed_chars", "content_hash", "meta_small",
]  # fmt: skip
BAD_COLUMNS = [
    "source_csv", "row_index", "row_key", "task_id", "reason", "detail", "combo_id",
    "template_id", "model_id", "timestamp", "response_file", "logical_key_id", "run_id",
]  # fmt: skip
RUN_IDS = {"3_generation": "backfill", "4_evaluation": "it's|2"}
CORPUS = REPOSITORY / "../shared/corpora/daydreaming"

Row = dict[str, Any]


@contextmanager
def written_root(description: DataRoot) -> Iterator[Path]:
    """Put a data root on disk, in a folder whose name is as odd as the rest."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "it's [a] *root?")
        root.mkdir()
        write_root(description, root)
        yield root


def build(models: Models, root: Path, description: DataRoot) -> Built:
    return models.build(
        root,
        run_id=RUN_IDS[description.evaluation_root],
        evaluation_root=description.evaluation_root,
        max_response_bytes=description.max_response_bytes,
    )


def ask_oracle(root: Path, description: DataRoot) -> oracle.Expected:
    return oracle.expected(
        root,
        run_id=RUN_IDS[description.evaluation_root],
        evaluation_root=description.evaluation_root,
        max_response_bytes=description.max_response_bytes,
    )


def by(key: str, rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row[key])


def without(row: Row, *columns: str) -> Row:
    return {name: value for name, value in row.items() if name not in columns}


def check_documents(built: Built, wanted: oracle.Expected) -> None:
    found = [
        row | {"meta_small": json.loads(row["meta_small"])} for row in built.documents
    ]
    extra = ("source_csv", "row_index", "parsed", "prompt")
    due = [without(document, *extra) for document in wanted.documents]
    assert by("doc_id", found) == by("doc_id", due)
    assert all(list(row) == INDEX_COLUMNS for row in built.documents)


def check_bad(built: Built, wanted: oracle.Expected) -> None:
    found = by("row_index", by("source_csv", built.bad))
    due = by("row_index", by("source_csv", wanted.bad))
    assert [without(row, "detail") for row in found] == due
    assert all(list(row) == BAD_COLUMNS for row in found)
    assert all(row["detail"].strip() for row in found)


def check_files(built: Built, wanted: oracle.Expected, root: Path, limit: int) -> None:
    """What document_files says to write is what the oracle expects."""
    files = {row["doc_id"]: row for row in built.files}
    assert len(files) == len(built.files) == len(wanted.documents)
    parsers = TextParser(built.parser_sql)
    for document in wanted.documents:
        row = files[document["doc_id"]]
        assert (row["doc_dir"], row["parser"]) == (
            document["doc_dir"],
            document["parser"],
        )
        folder = Folder(f"{root}/{row['folder']}", limit)
        response = folder.read(row["response_file"])
        assert sha256(response.content).hexdigest() == document["content_hash"]
        prompt = row["prompt_file"] and folder.read(row["prompt_file"]).content
        assert prompt == document["prompt"]
        parsed: list[str | None] = [response.text]
        if row["parser"]:
            parsed = parsers.parse([(row["parser"], response.text)])
        assert parsed == [document["parsed"]]
        if row["parsed_from"] is not None:
            end = row["parsed_from"] + row["parsed_bytes"]
            parsed = [response.content[row["parsed_from"] : end].decode()]
        elif row["parsed_text"] is not None:
            parsed = [row["parsed_text"]]
        assert parsed == [document["parsed"]]


def check_order(built: Built) -> None:
    """Parents come before what hangs on them."""
    places = {row["doc_id"]: row["place"] for row in built.files}
    assert sorted(places.values()) == list(range(1, len(places) + 1))
    for row in built.documents:
        if row["parent_doc_id"]:
            assert places[row["parent_doc_id"]] < places[row["doc_id"]]


def check_metadata(built: Built) -> None:
    index = {row["doc_id"]: row for row in built.documents}
    for row in built.files:
        own = index[row["doc_id"]]
        text = row["metadata_text"]
        metadata = json.loads(text)
        assert metadata == without(own, "meta_small") | json.loads(own["meta_small"])
        assert list(metadata) == sorted(metadata)
        first, *fields, last, after = text.split("\n")
        assert (first, last, after) == ("{", "}", "")
        assert len(fields) == len(metadata)
        assert all(field.startswith('  "') for field in fields)


def check(built: Built, wanted: oracle.Expected, root: Path, limit: int) -> None:
    check_documents(built, wanted)
    check_bad(built, wanted)
    assert built.counters == wanted.counters
    check_files(built, wanted, root, limit)
    check_order(built)
    check_metadata(built)


@settings(max_examples=EXAMPLES)
@given(description=data_roots())
def test_models_equal_the_oracle(models: Models, description: DataRoot) -> None:
    with written_root(description) as root:
        wanted = ask_oracle(root, description)
        built = build(models, root, description)
        check(built, wanted, root, description.max_response_bytes)


@dataclass(frozen=True)
class Damage:
    """A fault in one CSV file; `which` and `where` are parts of the whole, 0 to 1."""

    kind: str
    which: float
    where: float
    text: bytes

    def apply(self, root: Path) -> None:
        if self.kind == "remove tables":
            for path in root.glob("7_cross_experiment/*.csv"):
                path.unlink()
            return
        files = sorted([*root.glob("7_cross_experiment/*"), *root.glob("1_raw/*")])
        path = files[int(self.which * len(files))]
        content = path.read_bytes()
        at = int(self.where * len(content))
        if self.kind == "insert":
            content = content[:at] + self.text + content[at:]
        elif self.kind == "take out":
            content = content[:at] + content[at + len(self.text) :]
        elif self.kind == "cut off":
            content = content[:at]
        elif self.kind == "rename parsers":
            content = content.replace(b"essay_", b"essay")
        path.write_bytes(content)


PART = st.floats(0, 1, exclude_max=True)
DAMAGES = st.builds(
    Damage,
    kind=st.sampled_from(["insert"] * 4 + ["take out"] * 2)
    | st.sampled_from(["cut off", "rename parsers", "rename parsers", "remove tables"]),
    which=PART,
    where=PART,
    text=st.sampled_from([
        b",", b'"', b"\n", b"\r", b"\r\n", b"\0", b"\xff", b'""', b"x", b"\xef\xbb\xbf",
    ]),
)  # fmt: skip


@settings(max_examples=DAMAGED_EXAMPLES)
@given(description=data_roots(), damage=DAMAGES)
def test_models_refuse_what_the_oracle_refuses(
    models: Models, description: DataRoot, damage: Damage
) -> None:
    with written_root(description) as root:
        damage.apply(root)
        try:
            wanted = ask_oracle(root, description)
        except oracle.Refused:
            with pytest.raises((DocsIndexError, duckdb.Error)) as refusal:
                build(models, root, description)
            assert isinstance(refusal.value, DocsIndexError) or (
                "which is not known" in str(refusal.value)
            )
        else:
            built = build(models, root, description)
            check(built, wanted, root, description.max_response_bytes)


def crowded_root(seed: int) -> DataRoot:
    """Return a root whose few task ids and instants make every tie there is."""
    rng = random.Random(seed)
    pools = {
        "task_id": ["t1", "t2", "t3"],
        "combo_id": ["c1", "c1", "c2"],
        "template_id": ["idea", "plain"],
        "model_id": ["m1", "m1", "m2"],
        "status": ["success"],
        "timestamp": [f"2025-01-0{day}" for day in range(1, 5)],
        "response_file": ["x", "x", "x", "links_responses/y", "links_responses_z/y"],
        "essay_task_id": ["t1", "t2", "t4", ""],
        "generation_task_id": ["t1", "t3", "t4", ""],
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
    assert parsers.parse(asked) == wanted


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


@pytest.mark.parametrize("threads", [2, 8])
def test_the_number_of_threads_changes_nothing(models: Models, threads: int) -> None:
    root = REPOSITORY / "sample"
    alone, together = models.build(root), models.build(root, threads=threads)
    assert by("doc_id", together.documents) == by("doc_id", alone.documents)
    assert by("place", together.files) == by("place", alone.files)
    assert together.counters == alone.counters


def test_the_sample_equals_the_oracle(models: Models) -> None:
    root = REPOSITORY / "sample"
    check(models.build(root), oracle.expected(root), root, MAX_RESPONSE_BYTES)


needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the real corpus is not there"
)


@pytest.fixture(scope="module")
def corpus(models: Models) -> Built:
    """The models' answer on the real corpus that stands beside the repository."""
    return models.build(CORPUS / "data")


def read_expected(name: str) -> list[dict[str, str]]:
    with (CORPUS / "expected" / name).open(newline="") as file:
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
        (CORPUS / "expected/counters.json").read_text()
    )


@needs_corpus
def test_the_corpus_equals_the_oracle(corpus: Built) -> None:
    root = CORPUS / "data"
    check(corpus, oracle.expected(root), root, MAX_RESPONSE_BYTES)


def test_the_packaged_sql_is_what_the_macros_say(models: Models) -> None:
    """Run `make sql` where this fails: a macro has changed, and its copy has not."""
    analyses = models.analyses()
    assert analyses.keys() == {"recorded.sql", "parsed_text.sql"}
    for name, text in analyses.items():
        assert (REPOSITORY / "src/docs_index/sql" / name).read_text() == text
