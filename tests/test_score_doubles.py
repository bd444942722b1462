"""A score is the same double in metadata.json, in the index, and after each repair."""

import json
import random
import shutil
import struct
from pathlib import Path

import building
import pytest
from building import contents, documents, dump, good, index
from history_roots import lines, write_root

from docs_index.audit.reindex import Options as ReindexOptions
from docs_index.audit.reindex import reindex
from docs_index.audit.restore import Options as RestoreOptions
from docs_index.audit.restore import Summary, restore
from docs_index.audit.verify import Options as VerifyOptions
from docs_index.audit.verify import verify
from docs_index.index.new_row import NewDocument
from docs_index.index.writer import Writer
from docs_index.layout import open_layout

SCORES = [
    "0.30000000000000004", "7.333333333333333", "0.6666666666666666", "1e-07", "1e-05",
    "123456789.12345679", "1e15", "1e16", "1e17", "1.2345678901234567e+22", "0", "-7",
    "-0.0", "5e-324", "-5e-324", "1e-320", "2.2250738585072014e-308",
    "1.7976931348623157e308", "123456789012345678901234567890",
]  # fmt: skip
LISTS = ("lists_missing", "bad_list_missing")  # of an index that was just rebuilt
HISTORY = """
texts:
  files: texts.jsonl
  id: id
  model_id: m
  response: r
judged:
  files: judged.jsonl
  kind: judgement
  id: id
  model_id: m
  response: r
  score: s
  targets: [{source: texts, id: a}]
"""


def nothing(done: int, total: int) -> None:
    """Show no progress."""


def drawn() -> list[str]:
    """Return doubles of any bits, as JSON writes them."""
    chance = random.Random(7)
    bits = [chance.getrandbits(64) for _ in range(300)]
    doubles = [struct.unpack("<d", struct.pack("<Q", each))[0] for each in bits]
    return [repr(each) for each in doubles if abs(each) < float("inf")]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root with a score of each kind: of records, of a table, of a program."""
    root = tmp_path_factory.mktemp("scored")
    judged = [
        f'{{"id": "{number}", "a": 0, "m": "jm", "s": {score}, "r": "x"}}'
        for number, score in enumerate(SCORES + drawn())
    ]
    files: dict[str, str | bytes] = {
        "texts.jsonl": lines({"id": 0, "m": "m", "r": "A text."}),
        "judged.jsonl": lines(*judged),
    }
    write_root(root, HISTORY, files)
    table = "7_cross_experiment/{}_results.csv"
    draft = building.draft_row("first", "2025-01-01", "A harbour.")
    building.write(root, f"3_generation/{draft['response_file']}", draft.pop("text"))
    building.write_table(root, table.format("draft_generation"), [draft])
    evaluation = building.evaluation_row("judged", "first")
    building.write_table(root, table.format("evaluation"), [evaluation])
    building.write(root, "3_generation/judged.txt", "SCORE 7 7 8\n")
    parsers = "template_id,parser\ne,in_last_line\n"
    building.write(root, "1_raw/evaluation_templates.csv", parsers)
    good(building.build(root))
    good(building.materialize(root))
    [first] = documents(root, "stage = 'draft'")
    negative = NewDocument(
        stage="evaluation", task_id="v", template_id="e", model_id="judge",
        timestamp="2025-06-01", attempt_id="1", parent_doc_id=first["doc_id"],
        raw="SCORE: -0", parser="in_last_line", parsed="-0.0\n",
    )  # fmt: skip
    Writer(root, run_id="autumn").add(negative)
    return root


@pytest.fixture
def root(scored: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "root"
    shutil.copytree(scored, copy, symlinks=True)
    return copy


def metadata_files(root: Path) -> list[Path]:
    return sorted((root / "docs").rglob("metadata.json"))


def restored(root: Path) -> Summary:
    options = RestoreOptions(apply=True, evaluation_root="3_generation")
    return restore(open_layout(root), options, nothing)


def findings(root: Path) -> list[str]:
    return [
        f"{each.code} {each.detail}"
        for each in verify(
            open_layout(root), VerifyOptions(share=1.0), nothing
        ).findings
        if each.code not in LISTS
    ]


def test_each_score_is_the_double_that_was_given(scored: Path) -> None:
    rows = documents(scored, "score is not null")
    given = {f"judged:{number}": s for number, s in enumerate(SCORES + drawn())}
    of_records = {
        row["row_key"]: row["score"]
        for row in rows
        if row["meta_small"]["source_csv"] == "judged"
    }
    assert of_records == {key: float(score) for key, score in given.items()}
    [of_table] = documents(scored, "task_id = 'judged'")
    assert of_table["score"] == 22 / 3
    for row in rows:
        text = (scored / "docs" / row["doc_dir"] / "metadata.json").read_text()
        assert repr(json.loads(text)["score"]) == repr(row["score"])


def test_nothing_is_found_and_nothing_restored_after_a_clean_run(root: Path) -> None:
    before = contents(root / "docs")
    assert findings(root) == []
    assert restored(root).found == []
    assert contents(root / "docs") == before


def test_a_lost_score_is_restored_as_a_run_wrote_it(root: Path) -> None:
    before = contents(root / "docs")
    for path in metadata_files(root):
        path.unlink()
    summary = restored(root)
    assert summary.restored == summary.documents
    assert contents(root / "docs") == before


def test_a_score_that_differs_by_one_bit_is_found_and_restored(root: Path) -> None:
    before = contents(root / "docs")
    [row] = documents(root, "score = 0.30000000000000004")
    path = root / "docs" / row["doc_dir"] / "metadata.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("0.30000000000000004", "0.3"))
    said = "score is 0.30000000000000004 in the row, 0.3 here"
    assert findings(root) == [f"metadata_differs {said}"]
    assert [each.damaged for each in restored(root).found] == [["metadata.json"]]
    assert contents(root / "docs") == before


def test_a_negative_zero_of_an_earlier_version_is_right(root: Path) -> None:
    """SQLite keeps it as 0.0, so the index cannot tell."""
    [row, *_] = documents(root, "score = 0 and stage = 'judgement'")
    folder = root / "docs" / row["doc_dir"]
    path = folder / "metadata.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"score": 0.0', '"score": -0.0'))
    before = contents(root / "docs")
    assert "-0.0" in path.read_text()
    assert findings(root) == []
    (folder / "raw.txt").unlink()
    [found] = restored(root).found
    assert (found.missing, found.damaged) == (["raw.txt"], [])
    assert contents(root / "docs") == before


def test_the_index_is_rebuilt_with_the_same_scores(root: Path) -> None:
    before = sorted(dump(root)["documents"])
    output = root / "db" / "new.sqlite"
    summary = reindex(open_layout(root), ReindexOptions(output), nothing)
    assert summary.findings == []
    output.replace(index(root))
    assert sorted(dump(root)["documents"]) == before
    assert findings(root) == []
