"""generation_repairs.csv: repaired rows become documents, or the build stops."""

import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from building import (
    REPOSITORY,
    Process,
    build,
    documents,
    draft_row,
    good,
    materialize,
    query,
    read_csv,
    results,
    run,
    script,
    write,
    write_table,
)
from harness import Built, Models

from docs_index.errors import TableRefusedError

REPAIRS = "7_cross_experiment/generation_repairs.csv"
COLUMNS = (
    "source_csv", "row_key", "row_index", "task_id", "action", "value", "reason", "by",
)  # fmt: skip
GEESE = "combo_v1_50d7af_plain-notes-v1_aurora-7b"  # a draft whose file is gone
GEESE_DRAFT = f"draft:{GEESE}:2025-03-14T15:55:00.000000Z:1"
GEESE_ESSAY = f"essay:{GEESE}_letter-home-v2:2025-03-15T10:00:00.000000Z:1"
YEAST = "combo_v1_a93f52_noticing-v1_basalt-2"
YEAST_DRAFT = f"draft:{YEAST}:2025-02-17T09:00:00.000000Z:1"
TIDES = "combo_v1_7c1e04_noticing-v1_aurora-7b"  # a task of two drafts
LATER = "combo_v1_e41b09_plain-notes-v1_aurora-7b"
FOUND = "draft_responses/found in a drawer.txt"

Repair = Mapping[str, str]


def repair(**values: str) -> dict[str, str]:
    """Return a row of the file, blank but for what is given; `by_` is its `by`."""
    named = {name.removesuffix("_"): value for name, value in values.items()}
    return dict.fromkeys(COLUMNS, "") | named


def by_key(row_key: str, action: str, value: str = "", **values: str) -> dict[str, str]:
    source = row_key.partition(":")[0]
    return repair(
        source_csv=source, row_key=row_key, action=action, value=value, **values
    )


def write_repairs(root: Path, *repairs: Repair) -> None:
    write_table(root, REPAIRS, repairs)


def inspect(root: Path, command: str, *args: str) -> Process:
    return run(root, [sys.executable, "scripts/inspect_docs.py", command, *args], {})


# With the real commands --------------------------------------------------------------


@pytest.fixture(scope="module")
def repaired(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, built and run with a repair for every row that can be repaired."""
    root = tmp_path_factory.mktemp("repaired") / "root"
    shutil.copytree(REPOSITORY / "sample", root)
    write(root, f"3_generation/{FOUND}", "Of geese.\n")
    write_repairs(
        root,
        by_key(
            GEESE_DRAFT, "set_response_file", FOUND,
            reason='it was "moved"\n\u00e9\x1f', by_="ann",
        ),
        repair(
            source_csv="draft", row_index="11", action="ignore",
            task_id="combo_v1_e41b09_noticing-v1_basalt-2", reason="it failed",
        ),
        by_key(GEESE_ESSAY, "set_parent", LATER, reason="she said so", by_="ann"),
        by_key(
            f"evaluation:{TIDES}_letter-home-v2_curiosity-score-v3_sextant-mini:"
            "2025-03-12T09:04:00.000000Z:1",
            "set_target", f"draft:{TIDES}:2025-03-03T09:12:00.000000Z:1",
        ),
    )  # fmt: skip
    models.write_build(root)
    good(materialize(root))
    return root


def of_row(root: Path, row_key: str) -> dict[str, object]:
    [document] = [each for each in documents(root) if each["row_key"] == row_key]
    return document


def timed_root(root: Path) -> None:
    """Write a root whose first and third drafts have no valid timestamp."""
    drafts = [
        draft_row("t", "03/02/2025 10:00", "one"),
        draft_row("t", "2025-02-03T10:00:00Z", "two"),
        draft_row("u", "1738576800", "three"),
    ]
    for number, row in enumerate(drafts):
        row["response_file"] = f"{number}.txt"
        write(root, f"3_generation/{number}.txt", row.pop("text"))
    write_table(root, "7_cross_experiment/draft_generation_results.csv", drafts)


def set_time(row_index: int, task_id: str, value: str, **values: str) -> Repair:
    return repair(
        source_csv="draft", row_index=str(row_index), task_id=task_id,
        action="set_timestamp", value=value, **values,
    )  # fmt: skip


def test_a_timestamp_is_set(models: Models, tmp_path: Path) -> None:
    root = tmp_path / "root"
    timed_root(root)
    write_repairs(
        root,
        set_time(1, "t", " 2025-02-03T12:00+02:00", by_="ann"),
        set_time(3, "u", "2025-02-03T10:00:00.5"),
        by_key("draft:u:2025-02-03T10:00:00.500000Z:1", "set_response_file", "1.txt"),
    )
    models.write_build(root)
    good(materialize(root))
    found = {each["row_key"]: each for each in documents(root)}
    assert found.keys() == {
        "draft:t:2025-02-03T10:00:00.000000Z:1",  # that of the table keeps its key
        "draft:t:2025-02-03T10:00:00.000000Z:2",
        "draft:u:2025-02-03T10:00:00.500000Z:1",
    }
    document = found["draft:t:2025-02-03T10:00:00.000000Z:2"]
    assert document["created_at"] == "2025-02-03T10:00:00.000000Z"
    assert document["meta_small"]["row_index"] == 1
    assert document["meta_small"]["timestamp"] == "03/02/2025 10:00"
    assert document["meta_small"]["repair"] == [
        {
            "action": "set_timestamp",
            "by": "ann",
            "value": "2025-02-03T12:00+02:00",
            "was": "03/02/2025 10:00",
        }
    ]
    both = found["draft:u:2025-02-03T10:00:00.500000Z:1"]["meta_small"]
    assert [each["action"] for each in both["repair"]] == [
        "set_response_file",
        "set_timestamp",
    ]
    good(script(root, "verify_docs.py", "--read-data", "all"))


def test_mending_the_table_later_makes_no_second_document(
    models: Models, tmp_path: Path
) -> None:
    """The row_key is that which the row has with a valid timestamp in its table."""
    root = tmp_path / "root"
    timed_root(root)
    write_repairs(root, set_time(3, "u", "2025-02-03T10:00:00"))
    [before] = [d for d in models.build(root).documents if d["task_id"] == "u"]
    table = root / "7_cross_experiment/draft_generation_results.csv"
    table.write_text(table.read_text().replace("1738576800", "2025-02-03 10:00"))
    (root / REPAIRS).unlink()
    [after] = [d for d in models.build(root).documents if d["task_id"] == "u"]
    assert after["doc_id"] == before["doc_id"]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (
            set_time(1, "t", "03/02/2025"),
            "value is not a timestamp like 2025-03-14",
        ),
        (set_time(1, "t", ""), "value is blank"),
        (
            set_time(2, "t", "2025-02-03"),
            "it would change nothing, because the row is one",
        ),
    ],
)
def test_a_timestamp_that_cannot_be_set_stops_the_build(
    models: Models, tmp_path: Path, wrong: Repair, fault: str
) -> None:
    root = tmp_path / "root"
    timed_root(root)
    write_repairs(root, wrong)
    with pytest.raises(duckdb.Error, match=fault):
        models.build(root)


def test_a_response_file_is_set(repaired: Path) -> None:
    document = of_row(repaired, GEESE_DRAFT)
    raw = repaired / "docs" / str(document["doc_dir"]) / "raw.txt"
    assert raw.read_text() == "Of geese.\n"
    small = document["meta_small"]
    assert isinstance(small, dict)
    assert small["response_file"] == FOUND
    [told] = small["repair"]
    was = told.pop("was")
    assert was.startswith("draft_responses/combo_v1_50d7af__migrating-geese")
    assert told == {
        "action": "set_response_file",
        "by": "ann",
        "reason": 'it was "moved"\n\u00e9\x1f',
        "value": FOUND,
    }


def test_a_parent_is_set_of_another_combo_and_later(repaired: Path) -> None:
    document = of_row(repaired, GEESE_ESSAY)
    [parent] = [each for each in documents(repaired) if each["task_id"] == LATER]
    assert document["parent_doc_id"] == parent["doc_id"]
    assert parent["created_at"] > str(document["created_at"])
    small = document["meta_small"]
    assert isinstance(small, dict)
    assert (small["link_method"], small["parent_task_id"]) == ("repair", LATER)


def test_a_target_is_set_where_there_was_another(repaired: Path) -> None:
    [(row_key, method)] = query(
        repaired,
        "select parents.row_key, documents.meta_small ->> '$.link_method' "
        "from documents join documents as parents "
        "on parents.doc_id = documents.parent_doc_id "
        "where documents.meta_small like '%set_target%'",
    )
    assert row_key == f"draft:{TIDES}:2025-03-03T09:12:00.000000Z:1"
    assert method == "repair"


def test_an_ignored_row_is_in_the_bad_list_with_its_words(repaired: Path) -> None:
    bad = read_csv(repaired / "7_cross_experiment" / "bad_generations.csv")
    [row] = [each for each in bad if each["reason"] == "ignored"]
    assert (row["source_csv"], row["row_index"]) == ("draft", "11")
    assert row["detail"] == "it failed"
    assert not [each for each in bad if each["reason"] == "not_successful"]
    assert not [each for each in bad if each["reason"] == "missing_response_file"]


def test_metadata_tells_what_the_index_tells(repaired: Path) -> None:
    for document in documents(repaired):
        path = repaired / "docs" / document["doc_dir"] / "metadata.json"
        metadata = json.loads(path.read_text())
        small = document["meta_small"]
        assert metadata.get("repair") == small.get("repair")
        assert ("repair" in metadata) == ("repair" in path.read_text())


def test_index_and_directories_are_proved(repaired: Path) -> None:
    good(script(repaired, "verify_docs.py", "--read-data", "all", "--json"))


def test_the_index_is_made_again_from_the_directories(
    repaired: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made.sqlite"
    good(script(repaired, "reindex_docs.py", "--output", str(made)))
    rows = "select * from documents order by doc_id"
    with closing(sqlite3.connect(made)) as connection:
        assert connection.execute(rows).fetchall() == query(repaired, rows)


def test_why_tells_of_repairs(repaired: Path) -> None:
    for row_key, told in [
        (GEESE_ESSAY, "a repair names it"),
        ("combo_v1_e41b09_noticing-v1_basalt-2", "rejected\tignored\n"),
    ]:
        shown = good(inspect(repaired, "why", row_key)).stdout
        assert told in shown
        assert "no other candidate" not in shown
    [document] = [
        each for each in documents(repaired) if each["row_key"] == GEESE_DRAFT
    ]
    [found] = json.loads(
        good(
            inspect(
                repaired, "why", document["meta_small"]["repair"][0]["was"], "--json"
            )
        ).stdout
    )["attempts"]
    assert found["doc_id"] == document["doc_id"]
    assert found["repair"] == document["meta_small"]["repair"]
    shown = " ".join(good(inspect(repaired, "why", GEESE_DRAFT)).stdout.split())
    assert f"repaired by set_response_file {FOUND}, was" in shown
    assert ", by ann: it was" in shown


def test_the_second_run_writes_nothing(repaired: Path, models: Models) -> None:
    before = results(repaired)
    models.write_build(repaired)
    good(materialize(repaired))
    assert results(repaired) == before


def test_a_repair_of_a_document_in_the_index_changes_no_document(
    ran: Path, models: Models
) -> None:
    before = results(ran)
    essay = f"essay:{TIDES}_letter-home-v2:2025-03-11T10:30:00.000000Z:1"
    draft = f"draft:{TIDES}:2025-03-10T09:15:30.250000Z:1"
    write_repairs(ran, by_key(essay, "set_parent", YEAST), by_key(draft, "ignore"))
    models.write_build(ran)
    assert materialize(ran).returncode == 1
    assert results(ran)["docs"] == before["docs"]
    assert results(ran)["tables"]["documents"] == before["tables"]["documents"]
    kinds = query(ran, "select distinct kind from backfill_conflicts")
    assert kinds == [("lineage_changed",)]


def test_faults_of_the_file_stop_the_build_before_anything_is_written(
    root: Path,
) -> None:
    write_repairs(root, *[repair(source_csv="draft", action="ignore")] * 7)
    process = build(root)
    assert process.returncode != 0
    assert f"{REPAIRS}: repairs that cannot be applied" in process.stdout
    assert "row 5 (draft row, ignore): it names no row" in process.stdout
    assert "... and 2 more" in process.stdout
    assert "row 6 (" not in process.stdout
    assert materialize(root).returncode == 2
    assert not (root / "docs").exists()


@pytest.mark.slow
def test_faults_of_files_and_documents_stop_the_build_together(root: Path) -> None:
    write_repairs(
        root,
        by_key(GEESE_DRAFT, "set_response_file", "draft_responses/no_such.txt"),
        by_key(GEESE_ESSAY, "set_parent", GEESE),
    )
    process = build(root)
    assert process.returncode != 0
    cause = "3_generation/draft_responses/no_such.txt: there is no such file"
    assert f"draft_responses/no_such.txt): {cause}" in process.stdout
    assert f"{GEESE}): draft row 8 has no document: {cause}" in process.stdout
    assert materialize(root).returncode == 2


# With the models alone ---------------------------------------------------------------


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REPOSITORY / "sample", tmp_path / "root"))


def built(models: Models, root: Path, *repairs: Repair) -> Built:
    write_repairs(root, *repairs)
    return models.build(root)


def without_repairs(found: Built) -> tuple[object, ...]:
    return (
        sorted(map(str, found.documents)),
        sorted(map(str, found.files)),
        sorted(map(str, found.bad)),
        found.counters,
    )


def test_a_file_without_rows_changes_nothing(models: Models, sample: Path) -> None:
    plain = models.build(sample)
    write(sample, REPAIRS, ",".join(COLUMNS) + "\n")
    assert without_repairs(models.build(sample)) == without_repairs(plain)


def test_columns_may_be_few_and_others_are_ignored(
    models: Models, sample: Path
) -> None:
    write(
        sample,
        REPAIRS,
        f"confidence,source_csv,row_key,action\n1,draft,{GEESE_DRAFT},ignore\n",
    )
    [bad] = [row for row in models.build(sample).bad if row["row_key"] == GEESE_DRAFT]
    assert bad["reason"] == "ignored"
    assert bad["detail"]


def test_an_ignored_draft_leaves_its_essay_to_another(
    models: Models, sample: Path
) -> None:
    essay = f"essay:{TIDES}_letter-home-v2:2025-03-11T10:30:00.000000Z:1"
    ignored = f"draft:{TIDES}:2025-03-10T09:15:30.250000Z:1"
    found = built(models, sample, by_key(ignored, "ignore"))
    rows = {row["row_key"]: row for row in found.documents}
    earlier = rows[f"draft:{TIDES}:2025-03-03T09:12:00.000000Z:1"]
    assert rows[essay]["parent_doc_id"] == earlier["doc_id"]
    assert "repair" not in json.loads(rows[essay]["meta_small"])


def test_the_example_of_the_docs_is_right(models: Models, sample: Path) -> None:
    docs = (REPOSITORY / "docs/repairs.md").read_text()
    csv_block, json_block = re.findall(r"```(?:csv|json)\n(.*?)```", docs, re.DOTALL)
    write(sample, REPAIRS, csv_block)
    write(sample, "3_generation/draft_responses/found.txt", "Of geese.\n")
    found = models.build(sample)
    reasons = {row["reason"] for row in found.bad}
    gone = {"missing_response_file", "unresolved_parent", "unresolved_target"}
    assert not reasons & gone
    assert [row for row in found.files if json_block in row["metadata_text"]]


def test_a_table_that_is_not_well_formed_is_refused(
    models: Models, sample: Path
) -> None:
    write(sample, REPAIRS, "source_csv,action\ndraft,ignore,\n")
    with pytest.raises(TableRefusedError, match="has 3 field"):
        models.build(sample)
    write(sample, REPAIRS, "source_csv,task_id\ndraft,x\n")
    with pytest.raises(TableRefusedError) as refusal:
        models.build(sample)
    assert "there is no column 'row_key' or 'row_index'" in str(refusal.value)
    assert "there is no column 'action'" in str(refusal.value)
    write(sample, REPAIRS, "source_csv,row_key,action,Value\n")
    with pytest.raises(TableRefusedError, match="column 'Value' is not 'value'"):
        models.build(sample)


EVALUATION = (
    f"evaluation:{TIDES}_letter-home-v2_curiosity-score-v3_sextant-mini:"
    "2025-03-12T09:04:00.000000Z:1"
)
FAULTS = {
    "no such row_key": (
        [by_key("draft:none:2025:1", "ignore")],
        "no row of draft_generation_results has this row_key",
    ),
    "no such row_index": (
        [repair(source_csv="link", row_index="6", task_id="x", action="ignore")],
        "link_generation_results has no row 6",
    ),
    "another task id": (
        [repair(source_csv="draft", row_index="1", task_id=TIDES, action="ignore")],
        f'row 1 has the task id "{YEAST}"',
    ),
    "unknown action": (
        [by_key(GEESE_DRAFT, "delete")],
        "there is no such action: use ignore, set_parent, set_response_file, "
        "set_target",
    ),
    "action of another stage": (
        [by_key(GEESE_DRAFT, "set_parent", YEAST)],
        "set_parent is for rows of essay alone",
    ),
    "other values": (
        [by_key(GEESE_ESSAY, "set_parent", each) for each in (YEAST, TIDES)],
        "the row gets different values, by rows 1 and 2",
    ),
    "ignored and repaired": (
        [by_key(GEESE_ESSAY, "set_parent", YEAST), by_key(GEESE_ESSAY, "ignore")],
        "the row is both ignored and repaired, by rows 1 and 2",
    ),
    "no attempt": (
        [
            repair(
                source_csv="draft", row_index="11",
                task_id="combo_v1_e41b09_noticing-v1_basalt-2",
                action="set_response_file", value=FOUND,
            )
        ],
        'the row is not_successful (the status is "failed"): mend it in its table',
    ),
    "blank value": ([by_key(GEESE_ESSAY, "set_parent", " ")], "value is blank"),
    "unusable file": (
        [by_key(GEESE_DRAFT, "set_response_file", "../1_raw/essay_templates.csv")],
        ": it leads outside 3_generation/",
    ),
    "no parent of that name": (
        [by_key(GEESE_ESSAY, "set_parent", YEAST + " ")],
        "no draft or link document has the row_key, doc_id or task id of value",
    ),
    "parent without a document": (
        [by_key(GEESE_ESSAY, "set_parent", GEESE_DRAFT)],
        "draft row 8 has no document: 3_generation/draft_responses/combo_v1_50d7af",
    ),
    "target without a document": (
        [by_key(EVALUATION, "set_target", f"{GEESE}_letter-home-v2")],
        "essay row 7 has no document: the parent is draft row 8",
    ),
    "ignored parent": (
        [
            by_key(GEESE_ESSAY, "set_parent", YEAST),
            by_key(YEAST_DRAFT, "ignore", reason="no"),
        ],
        "draft row 1 has no document: no",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_repair_that_cannot_be_applied_is_named(
    models: Models, sample: Path, fault: str
) -> None:
    repairs, words = FAULTS[fault]
    with pytest.raises(duckdb.Error) as refused:
        built(models, sample, *repairs)
    assert words in str(refused.value)
    assert "  row 1 (" in str(refused.value)
    assert "mend these rows of the file" in str(refused.value)
