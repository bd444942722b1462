"""The membership of a cohort, against the oracle and rule by rule."""

import csv
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cohort_models import CohortModels
from cohort_oracle import COLUMNS, membership
from cohort_roots import (
    BOTH,
    campaign_root,
    generation,
    random_root,
    select,
    tables,
)

from docs_index.errors import DocsIndexError
from docs_index.warehouse.cohort_ids import evaluation_gen_id, named_cohort

GOLDEN = Path(__file__).with_name("golden_gen_ids.csv")


def ids(models: CohortModels, root: Path, stage: str = "evaluation") -> list[str]:
    """Return the members of a stage in their order; there must be no fault."""
    built = models.build(root, "here")
    assert built.faults == []
    assert not any(built.violations.values())
    return [row["gen_id"] for row in built.members if row["stage"] == stage]


def faults(models: CohortModels, root: Path) -> str:
    """Return all faults as lines; nothing must be a member."""
    built = models.build(root, "here")
    assert built.members == []
    assert built.violations["assert_cohort_has_no_faults"] == len(built.faults)
    return "\n".join(f"{row['subject']}: {row['fault']}" for row in built.faults)


# The oracle --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seed",
    [
        0,
        pytest.param(40, marks=pytest.mark.slow),
        pytest.param(80, marks=pytest.mark.slow),
    ],
)
def test_random_stores_have_the_members_of_the_oracle(
    cohort_models: CohortModels, tmp_path: Path, seed: int
) -> None:
    for number in range(seed, seed + 40):
        root = tmp_path / str(number)
        random_root(root, number)
        prefers_done = bool(number % 2)
        expected = membership(root, "here", prefers_done=prefers_done)
        built = cohort_models.build(root, "here", prefers_done=prefers_done)
        assert {row["subject"] for row in built.faults} == expected.faulty, number
        rows = [[row[name] or "" for name in COLUMNS] for row in built.members]
        assert rows == expected.rows, number
        new = {
            row["gen_id"]: json.loads(row["metadata_text"])
            for row in built.members
            if row["is_new"]
        }
        assert new == expected.new, number
        assert not any(
            count
            for name, count in built.violations.items()
            if name != "assert_cohort_has_no_faults"
        ), number


def test_random_stores_are_of_every_kind(tmp_path: Path) -> None:
    found = []
    for number in range(120):
        random_root(tmp_path / str(number), number)
        found.append(membership(tmp_path / str(number), "here"))
    good = [one for one in found if not one.faulty]
    assert len(good) > 60
    assert len(found) - len(good) > 10
    assert sum(len(one.new) > 0 for one in good) > 40
    kept = [{row[1] for row in one.rows if row[0] == "evaluation"} for one in good]
    assert (
        sum(bool(ids - set(one.new)) for ids, one in zip(kept, good, strict=True)) > 40
    )


# Ids ---------------------------------------------------------------------------------


def test_golden_gen_ids_hold() -> None:
    with GOLDEN.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (row["essay"], row["template"], row["model"])
            assert evaluation_gen_id(key, int(row["replicate"])) == row["gen_id"]


def test_names_that_differ_in_case_share_numbers(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1", "E1"], replicates=2)
    key = ("e1", "novelty", "sonnet-4")
    built = cohort_models.build(root, "here")
    found = [
        (row["parent_gen_id"], row["gen_id"], row["replicate"])
        for row in built.members
        if row["stage"] == "evaluation"
    ]
    assert found == [
        (essay, evaluation_gen_id(key, number), str(number))
        for essay, number in (("e1", 1), ("e1", 2), ("E1", 3), ("E1", 4))
    ]


@pytest.mark.parametrize("what", ["empty", "broken", "file", "link", "other"])
def test_a_name_that_is_there_is_taken(
    cohort_models: CohortModels, tmp_path: Path, what: str
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    key = ("e1", "novelty", "sonnet-4")
    path = root / "gens/evaluation" / evaluation_gen_id(key, 1)
    path.parent.mkdir()
    if what == "file":
        path.write_text("")
    elif what == "link":
        path.symlink_to("nowhere")
    else:
        path.mkdir()
    if what == "broken":
        (path / "metadata.json").write_text("{")
    if what == "other":
        (path / "metadata.json").write_text('{"parent_gen_id": "e2"}')
    assert ids(cohort_models, root) == [evaluation_gen_id(key, 2)]


@pytest.mark.parametrize("name", ["", "0", "False", "NONE", " null "])
def test_a_variable_that_names_no_cohort_is_none(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DD_COHORT", name)
    with pytest.raises(DocsIndexError, match="pass --cohort NAME, or set DD_COHORT"):
        named_cohort()
    assert named_cohort("asked") == "asked"


@pytest.mark.parametrize("name", ["", ".", "..", ".x", "a/b", "a b", "é", "a" * 256])
def test_a_cohort_that_cannot_name_a_folder_is_refused(name: str) -> None:
    with pytest.raises(DocsIndexError, match="cannot name a folder"):
        named_cohort(name)


# Metadata ----------------------------------------------------------------------------

BROKEN = {
    "array": b"[]",
    "text": b'"x"',
    "cut": b'{"parent_gen_id": "e1"',
    "empty": b"",
    "not_utf8": b'{"parent_gen_id": "\xff"}',
    "deep": b"[" * 100_000,
    "list_value": b'{"parent_gen_id": ["e1"]}',
    "flag_value": b'{"replicate": true}',
    "surrogate": b'{"combo_id": "\\ud800"}',
    "nul": b'{"combo_id": "a\\u0000b"}',
    "large": b'{"x": "' + b"x" * 2**20 + b'"}',
}


def test_broken_directories_are_reported_and_ignored(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    store = root / "gens/evaluation"
    for name, content in BROKEN.items():
        (store / name).mkdir(parents=True)
        (store / name / "metadata.json").write_bytes(content)
    (store / "no_metadata").mkdir()
    (store / "folder/metadata.json").mkdir(parents=True)
    (store / "pipe").mkdir()
    os.mkfifo(store / "pipe/metadata.json")
    os.mkdir(os.fsencode(store) + b"/\xff")
    (store / ".hidden").mkdir()
    (store / "a_file").write_text("")
    built = cohort_models.build(root, "here")
    assert built.faults == []
    assert built.unreadable == len(BROKEN) + 5
    assert [row["is_new"] for row in built.members] == [False, False, True]


def test_the_folder_says_stage_and_gen_id(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    metadata = {
        "stage": "draft", "gen_id": "other", "evaluation_template": " novelty\n",
        "template_id": " ", "llm_model_id": "sonnet-4", "parent_gen_id": "\te1",
        "replicate": 7.5, "origin_cohort_id": "there",
    }  # fmt: skip
    generation(root, "evaluation", "mine", metadata=metadata)
    built = cohort_models.build(root, "here")
    row = built.members[-1]
    assert (row["gen_id"], row["replicate"], row["is_new"]) == ("mine", "7.5", False)


# Which evaluations are members -------------------------------------------------------


def evaluations(root: Path, count: int, **metadata: object) -> None:
    """Write evaluations of e1: v00, v01, …"""
    for number in range(count):
        values = {
            "parent_gen_id": "e1", "template_id": "novelty", "llm_model_id": "sonnet-4"
        }  # fmt: skip
        generation(root, "evaluation", f"v{number:02}", metadata=values | metadata)


def test_the_first_four_of_fifty_are_members(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1"], replicates=4)
    evaluations(root, 50, origin_cohort_id="there")
    assert ids(cohort_models, root) == ["v00", "v01", "v02", "v03"]


def test_without_the_directive_others_are_left_out(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1"], replicates=2)
    evaluations(root, 50, origin_cohort_id="there")
    select(root, "# mode: evaluation-only\ne1\n")
    key = ("e1", "novelty", "sonnet-4")
    assert ids(cohort_models, root) == [evaluation_gen_id(key, n) for n in (1, 2)]


def test_what_the_cohort_added_stays_whatever_comes(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1"], replicates=3)
    for name, replicate, origin in (
        ("a", 1, "there"), ("b", 10, "here"), ("c", 9, "here"), ("d", 1, None),
    ):  # fmt: skip
        metadata = {
            "parent_gen_id": "e1", "template_id": "novelty", "replicate": replicate,
            "llm_model_id": "sonnet-4", "origin_cohort_id": origin,
        }  # fmt: skip
        generation(root, "evaluation", name, metadata=metadata)
    assert ids(cohort_models, root) == ["a", "c", "b"]


def test_a_draft_of_two_essays_stands_once(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1", "e2", "e3"])
    for essay in ("e1", "e3"):
        metadata = {"template_id": "t", "parent_gen_id": "d-e2", "llm_model_id": essay}
        generation(root, "essay", essay, metadata=metadata)
    select(root, BOTH + "e3\ne2\ne3\ne1\n")
    assert ids(cohort_models, root, "draft") == ["d-e2"]
    assert ids(cohort_models, root, "essay") == ["e3", "e2", "e1"]


# Finished ones first -----------------------------------------------------------------


def a_mixed_store(root: Path, replicates: int) -> Path:
    """Write a root with evaluations of e1 by others, named for how far they are."""
    campaign_root(root, ["e1"], replicates=replicates)
    metadata = {
        "parent_gen_id": "e1", "template_id": "novelty", "llm_model_id": "sonnet-4"
    }  # fmt: skip
    answer: Mapping[str, Any] = {"raw": "SCORE: 1"}
    evaluations: Mapping[str, Mapping[str, Any]] = {
        "a_new": {},
        "b_cut": {**answer, "raw_metadata": {"finish_reason": "length"}},
        "c_refused": {**answer, "raw_metadata": {"failure": "refused"}},
        "d_older_cut": {**answer, "raw_metadata": {"truncated": True}},
        "e_unreadable": {"raw_response": "{}"},
        "f_answered": {**answer, "raw_metadata": {"finish_reason": "stop"}},
        "g_answered": {**answer, "raw_metadata": "{"},
        "h_done": {"parsed": "1.0"},
        "i_done": {**answer, "parsed": "1.0", "raw_metadata": {"failure": "x"}},
    }
    for name, files in evaluations.items():
        generation(root, "evaluation", name, metadata=metadata, **files)
    return root


@pytest.mark.parametrize(
    "replicates, members, overlooked",
    [
        (1, ["h_done"], 1),
        (2, ["h_done", "i_done"], 2),
        (3, ["f_answered", "h_done", "i_done"], 2),
        (5, ["a_new", "f_answered", "g_answered", "h_done", "i_done"], 2),
        (6, ["a_new", "b_cut", "f_answered", "g_answered", "h_done", "i_done"], 2),
        (8, ["a_new", "b_cut", "c_refused", "d_older_cut", "f_answered", "g_answered",
             "h_done", "i_done"], 1),
    ],
)  # fmt: skip
def test_finished_ones_are_taken_first_where_that_is_asked(
    cohort_models: CohortModels,
    tmp_path: Path,
    replicates: int,
    members: list[str],
    overlooked: int,
) -> None:
    root = a_mixed_store(tmp_path, replicates)
    plain = cohort_models.build(root, "here")
    names = sorted(path.name for path in (root / "gens/evaluation").iterdir())
    found = [row["gen_id"] for row in plain.members if row["stage"] == "evaluation"]
    assert found == names[:replicates]
    assert plain.unfinished_for_finished == overlooked
    built = cohort_models.build(root, "here", prefers_done=True)
    found = [row["gen_id"] for row in built.members if row["stage"] == "evaluation"]
    assert found == members
    assert built.unfinished_for_finished == 0
    assert built.faults == []


def test_what_the_cohort_added_comes_before_what_others_finished(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = a_mixed_store(tmp_path, 2)
    metadata = {
        "parent_gen_id": "e1", "template_id": "novelty", "llm_model_id": "sonnet-4",
        "origin_cohort_id": "here", "replicate": 3,
    }  # fmt: skip
    generation(root, "evaluation", "z_own", metadata=metadata)
    built = cohort_models.build(root, "here", prefers_done=True)
    found = [row["gen_id"] for row in built.members if row["stage"] == "evaluation"]
    assert found == ["h_done", "z_own"]
    assert built.unfinished_for_finished == 0


@pytest.mark.parametrize(
    "value, is_preferred",
    [("true", True), ("1", True), ("", False), ("False", False), (" 0 ", False)],
)
def test_a_variable_may_ask_for_finished_ones(
    cohort_models: CohortModels,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    value: str,
    *,
    is_preferred: bool,
) -> None:
    root = a_mixed_store(tmp_path, 1)
    monkeypatch.setenv("DD_PREFER_DONE", value)
    assert ids(cohort_models, root) == ["h_done" if is_preferred else "a_new"]


# Templates and models of its own -----------------------------------------------------


def kinds(models: CohortModels, root: Path, *lines: str) -> list[tuple[str, str]]:
    """Return templates and models of the members, with these lines in the selection."""
    select(root, "\n".join((BOTH, *lines, "e1")))
    built = models.build(root, "here")
    assert built.faults == []
    assert not any(built.violations.values())
    return [
        (row["template_id"], row["llm_model_id"])
        for row in built.members
        if row["stage"] == "evaluation"
    ]


def tables_of_three(root: Path) -> Path:
    """Write a root where the third template is idle, and the third model no judge."""
    campaign_root(root, ["e1"])
    tables(
        root,
        evaluation_templates=["template_id,parser,active", "a,,true", "B_1,,true",
                              "c,,false"],
        llm_models=["id,for_evaluation", "x:1,true", "y,true", "z,false"],
    )  # fmt: skip
    return root


def test_a_cohort_may_name_its_own_templates_and_models(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = tables_of_three(tmp_path)
    assert kinds(cohort_models, root) == [
        ("a", "x:1"), ("a", "y"), ("B_1", "x:1"), ("B_1", "y")
    ]  # fmt: skip
    assert kinds(cohort_models, root, "# templates: B_1, a", "# Models:y") == [
        ("a", "y"), ("B_1", "y")
    ]  # fmt: skip
    assert kinds(cohort_models, root, "# models: x:1,", "#templates :\tB_1\r") == [
        ("B_1", "x:1")
    ]
    several = ("# models: z", "# templates: c", "# models: y, z")
    assert kinds(cohort_models, root, *several) == [("c", "y"), ("c", "z")]


def test_names_make_up_for_tables_where_nothing_is_active(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = tables_of_three(tmp_path)
    tables(
        root,
        evaluation_templates=["template_id,parser,active", "a,,no"],
        llm_models=["id,for_evaluation", "x,no"],
    )
    assert kinds(cohort_models, root, "# templates: a", "# models: x") == [("a", "x")]


def test_evaluations_of_templates_that_are_not_named_are_left_out(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = tables_of_three(tmp_path)
    for name, template in (("v1", "a"), ("v2", "B_1")):
        metadata = {
            "parent_gen_id": "e1", "template_id": template, "llm_model_id": "y",
            "origin_cohort_id": "here", "replicate": 1,
        }  # fmt: skip
        generation(root, "evaluation", name, metadata=metadata)
    select(root, BOTH + "# templates: B_1\n# models: y\ne1\n")
    assert ids(cohort_models, root) == ["v2"]


@pytest.mark.parametrize(
    "line, said",
    [
        ("# templates: a, b_1", 'template "b_1" is not known: '
         "1_raw/evaluation_templates.csv has a, B_1, c"),
        ("# models: X:1", 'model "X:1" is not known: 1_raw/llm_models.csv has x:1, y'),
        ("# models: a", 'model "a" is not known'),
        ("# templates:", "names no template: 1_raw/evaluation_templates.csv has a"),
        ("# models: ,", "names no model: 1_raw/llm_models.csv has x:1"),
        ("# template: a", "is not a directive"),
        ("# model: y", "is not a directive"),
        ("# models y", "is not a directive"),
        ("# templates", "is not a directive"),
        ("## templates: a", "is not a directive"),
    ],
)  # fmt: skip
def test_a_name_that_is_not_known_is_a_fault_of_its_line(
    cohort_models: CohortModels, tmp_path: Path, line: str, said: str
) -> None:
    root = tables_of_three(tmp_path)
    select(root, f"{BOTH}{line}\ne1\n")
    found = faults(cohort_models, root)
    assert found.startswith("2_tasks/selected_essays.txt: line 3: ")
    assert said in found
    if "not a directive" in said:
        assert '"# templates: a, b", "# models: x, y"' in found


def test_faults_of_names_are_told_with_all_others(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = tables_of_three(tmp_path)
    select(root, "# models: q, r\n# modes\n# mode: x\n# templates: p\ngone\n")
    lines = faults(cohort_models, root).splitlines()
    starts = [line.split(": ")[1] for line in lines[:4]]
    assert starts == ["line 1", "line 1", "line 3", "line 4"]
    assert lines[4].startswith("gone: ")


def test_an_idle_template_that_is_named_needs_a_known_parser(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = tables_of_three(tmp_path)
    tables(root, evaluation_templates=["template_id,parser,active", "a,,true",
                                       "c,scores,no"])  # fmt: skip
    assert kinds(cohort_models, root) == [("a", "x:1"), ("a", "y")]
    select(root, BOTH + "# templates: c\ne1\n")
    assert 'template "c" names parser "scores"' in faults(cohort_models, root)


# Faults ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "# mode: evaluation-only", "#mode:evaluations_only", "# MODE : Reuse-Essays",
        "\t#\tmode:\treuse_essays \r",
    ],
)  # fmt: skip
def test_a_mode_may_be_spelt_in_these_ways(
    cohort_models: CohortModels, tmp_path: Path, line: str
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    select(root, f"\ufeff# Words, and model names.\n{line}\n{line}\ne1")
    assert len(ids(cohort_models, root)) == 1


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "names no mode"),
        ("# mode: all\n", '"# mode: all" is not an accepted mode'),
        ("# mode: evaluation-only\n# mode: all\n", "is not an accepted mode"),
        ("# mode: evaluation-only # yes\n", "is not an accepted mode"),
        ("# mode:\n", "is not an accepted mode"),
        ("# mode evaluation-only\n", "is not a directive"),
        ("# include-exsisting-evaluations\n", "is not a directive"),
        ("# include existing evaluations\n", "is not a directive"),
        ("# Skip_existing\n", "is not a directive"),
        ("# fill up\n", "is not a directive"),
        ("# backfill: true\n", "is not a directive"),
        ("## include-existing-evaluations\n", "is not a directive"),
    ],
)
def test_a_misspelt_directive_is_a_fault(
    cohort_models: CohortModels, tmp_path: Path, text: str, said: str
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    select(root, text + "e1\n")
    listed = faults(cohort_models, root)
    assert said in listed
    for accepted in (
        "evaluation-only", "evaluations-only", "reuse-essays", "reuse_essays",
    ):  # fmt: skip
        assert accepted in listed
    if "not a directive" in said:
        assert "include-existing-evaluations" in listed


def test_all_faults_are_told_together(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["good", "no_template", "no_draft", "bare", "mute"])
    generation(root, "essay", "no_template", metadata={"parent_gen_id": "d-good"})
    generation(root, "essay", "no_draft",
               metadata={"template_id": "t", "parent_gen_id": "gone"})  # fmt: skip
    generation(root, "draft", "d-bare", metadata={"llm_model_id": "m"})
    generation(root, "draft", "d-mute",
               metadata={"template_id": "t", "combo_id": "c"})  # fmt: skip
    generation(root, "essay", "orphan", metadata={})
    generation(root, "essay", "broken", metadata="{")
    essays = ["good", "no_template", "no_draft", "bare", "mute", "orphan", "broken"]
    select(root, BOTH + "\n".join([*essays, "nowhere", "../x", "a b"]))
    said = faults(cohort_models, root).splitlines()
    expected = [
        "no_template: its metadata.json has no template_id",
        "no_draft: its draft gens/draft/gone is not there",
        "bare: its draft d-bare has no combo_id",
        "bare: its draft d-bare has no template_id",
        "mute: neither it nor its draft has an llm_model_id",
        "orphan: its metadata.json has no parent_gen_id",
        "orphan: its metadata.json has no template_id",
        "orphan: neither it nor its draft has an llm_model_id",
        "broken: gens/essay/broken its metadata.json is not JSON",
        "nowhere: gens/essay/nowhere is not there",
        "../x: is not an id",
        "a b: is not an id",
    ]
    for line, start in zip(said, expected, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize(
    "table, lines, said",
    [
        ("evaluation_templates", ["a,", "b,", "a,"], 'lists template "a" 2 times'),
        ("evaluation_templates", ["a b,"], 'row 1: template "a b" is not an id'),
        ("evaluation_templates", ["a,", " ,"], 'row 2: template "" is not an id'),
        ("evaluation_templates", ["a,scores"], 'names parser "scores"'),
        ("evaluation_templates", [], "has no active template"),
        ("llm_models", ["m,,true", "m,,false"], 'lists model "m" 2 times'),
        ("llm_models", ["m,,no"], "has no model for evaluation"),
        ("llm_models", ["m,,true", ",,"], "row 2: has no id"),
        ("replication_config", ["draft,1"], "has no row for stage evaluation"),
        ("replication_config", ["evaluation,0"], 'is "0": it must be an integer'),
        ("replication_config", ["evaluation,1.0"], 'is "1.0": it must be'),
        ("replication_config", ["evaluation,10001"], "an integer from 1 to 10000"),
        ("replication_config", ["evaluation,"], 'is "": it must be an integer'),
        ("replication_config", ["x,1", "evaluation,1", "x,2"], 'lists stage "x" 2'),
    ],
)
def test_a_table_that_cannot_be_meant_is_a_fault(
    cohort_models: CohortModels,
    tmp_path: Path,
    table: str,
    lines: Sequence[str],
    said: str,
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    header = (root / f"1_raw/{table}.csv").read_text().splitlines()[0]
    tables(root, **{table: [header, *lines]})
    assert f"1_raw/{table}.csv: " in (listed := faults(cohort_models, root))
    assert said in listed


@pytest.mark.parametrize(
    "table, header",
    [
        ("evaluation_templates", "template,parser"),
        ("llm_models", "id,model"),
        ("llm_models", "model,for_evaluation"),
        ("replication_config", "stage,count"),
        ("llm_models", None),
    ],
)
def test_a_missing_column_or_table_is_an_error(
    cohort_models: CohortModels, tmp_path: Path, table: str, header: str | None
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    path = root / f"1_raw/{table}.csv"
    if header is None:
        path.unlink()
    else:
        path.write_text(f"{header}\na,b\n")
    with pytest.raises(DocsIndexError, match=f"{table}.csv is (missing|refused)"):
        cohort_models.build(root, "here")


@pytest.mark.parametrize("content", [None, b"\xff", b"a\0b"])
def test_a_selection_that_cannot_be_read_is_an_error(
    cohort_models: CohortModels, tmp_path: Path, content: bytes | None
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    path = root / "2_tasks/selected_essays.txt"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DocsIndexError, match=r"selected_essays\.txt"):
        cohort_models.build(root, "here")


def test_an_evaluation_whose_name_is_no_id_is_a_fault_if_it_counts(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    metadata = {
        "parent_gen_id": "e1", "template_id": "novelty", "llm_model_id": "sonnet-4"
    }  # fmt: skip
    generation(root, "evaluation", "v copy", metadata=metadata)
    assert "v copy: this evaluation cannot be a member" in faults(cohort_models, root)
    generation(root, "evaluation", "v", metadata=metadata)
    generation(root, "evaluation", "a", metadata=metadata)
    assert ids(cohort_models, root) == ["a"]


def test_values_with_quotes_and_commas_stay_whole(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    tables(root, llm_models=["id,for_evaluation", '"a ""b"", c",true'])
    built = cohort_models.build(root, "here")
    assert built.members[-1]["llm_model_id"] == 'a "b", c'
    metadata = json.loads(built.members[-1]["metadata_text"])
    assert metadata["llm_model_id"] == 'a "b", c'
