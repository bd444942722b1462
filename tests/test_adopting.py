"""Adopting documents of the index as essays, which cohorts evaluate."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from building import (
    LOCK,
    Process,
    contents,
    documents,
    good,
    holding,
    index,
    read_csv,
    run,
    snapshot,
    write,
)
from cohort_roots import TEMPLATE, generation, tables
from endpoint import started_endpoint

from docs_index.apps.cli.cohort_output import print_building
from docs_index.cohorts.place import Summary as Building
from docs_index.cohorts.selection_file import write_selection

SELECTION = "2_tasks/selected_essays.txt"
JUDGEMENTS = "select doc_id from document_links where role = 'target'"
ADOPTABLE = f"status = 'ok' and doc_id not in ({JUDGEMENTS})"


def adopt(root: Path, *args: str) -> Process:
    """Run docs-index cohort adopt."""
    return command(root, "cohort", "adopt", *args)


def command(root: Path, *args: str, **environment: str) -> Process:
    """Run docs-index on a data root."""
    return run(root, [sys.executable, "scripts/inspect_docs.py", *args], environment)


def summary(process: Process) -> dict[str, Any]:
    """Return what a command printed with --json."""
    found: dict[str, Any] = json.loads(process.stdout)
    return found


def folder(root: Path, stage: str, doc_id: str) -> Path:
    return root / "gens" / stage / f"x_{doc_id}"


def texts(path: Path) -> dict[str, bytes]:
    """Return the texts of a document or of a generation."""
    return {each.name: each.read_bytes() for each in path.glob("*.txt")}


def listed(root: Path) -> list[str]:
    lines = (root / SELECTION).read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


# What becomes of documents -----------------------------------------------------------


def test_every_text_that_is_no_judgement_becomes_an_essay(ran: Path) -> None:
    before = snapshot(ran / "docs") | snapshot(ran / "db")
    found = summary(good(adopt(ran, "--json")))
    chosen = documents(ran, ADOPTABLE)
    judgements = documents(ran, f"doc_id in ({JUDGEMENTS})")
    assert {row["stage"] for row in chosen} == {"draft", "essay"}
    assert found["essays_adopted"] == len(chosen)
    assert found["left_out"]["judgement"] == len(judgements)
    assert sorted(found["essays"]) == sorted(f"x_{row['doc_id']}" for row in chosen)
    for row in chosen:
        essay = folder(ran, "essay", row["doc_id"])
        assert texts(essay) == texts(ran / "docs" / row["doc_dir"])
        metadata = json.loads((essay / "metadata.json").read_text())
        assert metadata | {"parent_gen_id": ""} == {
            "combo_id": row["meta_small"]["combo_id"],
            "gen_id": f"x_{row['doc_id']}",
            "llm_model_id": row["model_id"],
            "mode": "adopted",
            "origin_doc_id": row["doc_id"],
            "parent_gen_id": "",
            "stage": "essay",
            "template_id": row["template_id"],
        }
    after = snapshot(ran / "docs") | snapshot(ran / "db")
    assert {path: after[path] for path in before} == before


def test_the_draft_is_what_an_essay_follows_else_the_document_itself(ran: Path) -> None:
    good(adopt(ran, "--stage", "essay"))
    for row in documents(ran, f"stage = 'essay' and {ADOPTABLE}"):
        (parent,) = documents(ran, f"doc_id = '{row['parent_doc_id']}'")
        path = folder(ran, "essay", row["doc_id"]) / "metadata.json"
        draft_id = f"x_{parent['doc_id']}"
        assert json.loads(path.read_text())["parent_gen_id"] == draft_id
        draft = folder(ran, "draft", parent["doc_id"])
        assert [each.name for each in draft.iterdir()] == ["metadata.json"]
        assert json.loads((draft / "metadata.json").read_text()) == {
            "combo_id": parent["meta_small"]["combo_id"],
            "gen_id": draft_id,
            "llm_model_id": parent["model_id"],
            "mode": "adopted",
            "origin_doc_id": parent["doc_id"],
            "stage": "draft",
            "template_id": parent["template_id"],
        }
    (row, *_) = documents(ran, f"stage = 'draft' and {ADOPTABLE}")
    good(adopt(ran, row["doc_id"]))
    path = folder(ran, "essay", row["doc_id"]) / "metadata.json"
    assert json.loads(path.read_text())["parent_gen_id"] == f"x_{row['doc_id']}"


def test_a_turn_of_another_combo_is_a_draft_of_its_own(ran: Path) -> None:
    """A cohort takes the combo from the draft, so that of the turn before is wrong."""
    (row, *_) = documents(ran, f"stage = 'essay' and {ADOPTABLE}")
    with closing(sqlite3.connect(index(ran))) as connection:
        connection.execute("drop trigger documents_are_never_updated")
        connection.execute(
            "update documents set meta_small = json_set(meta_small, '$.combo_id', 'q')"
            " where doc_id = ?",
            [row["doc_id"]],
        )
        connection.commit()
    good(adopt(ran, row["doc_id"]))
    essay = folder(ran, "essay", row["doc_id"]) / "metadata.json"
    draft = folder(ran, "draft", row["doc_id"]) / "metadata.json"
    assert json.loads(essay.read_text())["parent_gen_id"] == f"x_{row['doc_id']}"
    assert json.loads(draft.read_text())["combo_id"] == "q"
    assert json.loads(draft.read_text())["template_id"] == row["template_id"]


# Which documents ---------------------------------------------------------------------


def test_documents_are_chosen_as_ls_lists_them(ran: Path, tmp_path: Path) -> None:
    (row, *_) = documents(ran, f"stage = 'draft' and {ADOPTABLE}")
    for asked, condition in {
        ("--stage", "essay"): "stage = 'essay'",
        ("--model", "aurora*", "--latest"): "model_id glob 'aurora*' and doc_id in "
        "(select doc_id from documents)",
        ("--template", row["template_id"]): f"template_id = '{row['template_id']}'",
        ("--task", row["task_id"], "--run-id", "none"): "false",
    }.items():
        found = summary(good(adopt(ran, "--dry-run", "--json", *asked)))["essays"]
        fitting = documents(ran, f"{ADOPTABLE} and {condition}")
        if "--latest" in asked:
            assert 0 < len(found) <= len(fitting)
        else:
            assert len(found) == len(fitting)
        assert set(found) <= {f"x_{each['doc_id']}" for each in fitting}


def test_documents_are_named_by_id_or_task_or_in_a_file(
    ran: Path, tmp_path: Path
) -> None:
    one, two, three, *_ = documents(ran, f"stage = 'essay' and {ADOPTABLE}")
    file = tmp_path / "ids.txt"
    file.write_text(f"# mine\n{two['doc_id']}\n\n{three['doc_id']}\n")
    words = [one["doc_id"][:12], "--ids-from", str(file)]
    found = summary(good(adopt(ran, *words, "--json")))
    assert set(found["essays"]) == {f"x_{each['doc_id']}" for each in (one, two, three)}
    file.write_text("# none\n")
    for words, said in (
        (["--ids-from", str(file)], "lists no document"),
        (["--ids-from", str(tmp_path / "gone")], "cannot be read"),
        (["nothing like it"], "no document has the id"),
    ):
        process = adopt(ran, *words)
        assert (process.returncode, said in process.stderr) == (2, True)


def change(root: Path, statement: str, *values: str) -> None:
    """Change the index as nobody may."""
    with closing(sqlite3.connect(index(root))) as connection:
        connection.execute("drop trigger if exists documents_are_never_updated")
        connection.execute(statement, values)
        connection.commit()


def test_a_task_id_names_all_documents_that_have_it(ran: Path) -> None:
    essays = documents(ran, f"stage = 'essay' and {ADOPTABLE}")[:2]
    drafts = documents(ran, f"stage = 'draft' and {ADOPTABLE}")[:2]
    (judgement, *_) = documents(ran, f"doc_id in ({JUDGEMENTS})")
    for row in (*essays, *drafts, judgement):
        statement = "update documents set task_id = 'shared' where doc_id = ?"
        change(ran, statement, row["doc_id"])
    of_essays = {f"x_{row['doc_id']}" for row in essays}
    found = summary(good(adopt(ran, "shared", "--stage", "essay", "--json")))
    assert (set(found["essays"]), found["tasks"]) == (of_essays, {"shared": 2})
    said = good(adopt(ran, "shared", "--dry-run")).stdout
    assert "documents with the task id shared: 5\n" in said
    assert "judgements of other documents\t1\n" in said
    found = summary(good(adopt(ran, "shared", "--json")))
    of_drafts = {f"x_{row['doc_id']}" for row in drafts}
    assert set(found["essays"]) == of_essays | of_drafts
    assert found["left_out"] == {"judgement": 1}
    named = adopt(ran, "shared", judgement["doc_id"])
    assert (named.returncode, judgement["doc_id"] in named.stderr) == (2, True)


def test_a_task_without_any_essay_is_refused(ran: Path) -> None:
    (judgement, *_) = documents(ran, f"doc_id in ({JUDGEMENTS}) and status = 'ok'")
    before = snapshot(ran)
    process = adopt(ran, judgement["task_id"])
    assert process.returncode == 2
    assert "it is a judgement of another document" in process.stderr
    assert snapshot(ran) == before
    good(adopt(ran, judgement["task_id"], "--stage", "essay"))


def test_a_judgement_that_is_named_is_refused_and_nothing_is_written(ran: Path) -> None:
    judgement = documents(ran, f"doc_id in ({JUDGEMENTS}) and status = 'ok'")[0]
    (unparsed, *_) = documents(ran, "status = 'parse_error'")
    essay = documents(ran, f"stage = 'essay' and {ADOPTABLE}")[0]
    before = snapshot(ran)
    names = [judgement["doc_id"], unparsed["doc_id"], essay["doc_id"]]
    process = adopt(ran, *names)
    assert process.returncode == 2
    assert "2 of the documents cannot be evaluated as essays" in process.stderr
    said = f"{judgement['doc_id']}: it is a judgement of another document"
    assert said in process.stderr
    assert snapshot(ran) == before


# Again, and in the way ---------------------------------------------------------------


def test_adopting_again_writes_nothing(ran: Path) -> None:
    first = good(adopt(ran))
    assert "written under" in first.stdout
    before = snapshot(ran / "gens")
    again = good(adopt(ran))
    adopted = len(documents(ran, ADOPTABLE))
    assert f"there before\t{adopted}\n" in again.stdout
    assert "nothing new: nothing was written" in again.stdout
    assert snapshot(ran / "gens") == before


def test_a_dry_run_says_the_same_and_writes_nothing(ran: Path) -> None:
    before = snapshot(ran)
    dry = summary(good(adopt(ran, "--dry-run", "--json", "--select")))
    assert snapshot(ran) == before
    real = summary(good(adopt(ran, "--json")))
    assert dry | {"dry_run": False} == real


def test_another_text_under_the_id_is_a_conflict_and_stays(ran: Path) -> None:
    one, two, three, *_ = documents(ran, f"stage = 'essay' and {ADOPTABLE}")
    generation(ran, "essay", f"x_{one['doc_id']}", metadata={}, raw="Mine.")
    generation(ran, "essay", f"x_{two['doc_id']}", raw="Mine.")
    before = contents(ran / "gens")
    process = adopt(ran, "--stage", "essay", "--json")
    found = summary(process)
    assert process.returncode == 1
    assert sorted(found["conflicts"]) == sorted([
        f"gens/essay/x_{one['doc_id']} has another raw.txt than the document",
        f"gens/essay/x_{two['doc_id']} has no metadata.json",
    ])  # fmt: skip
    assert f"x_{three['doc_id']}" in found["essays"]
    assert f"x_{one['doc_id']}" not in found["essays"]
    after = contents(ran / "gens")
    assert {path: after[path] for path in before} == before
    assert adopt(ran, "--stage", "essay").returncode == 1


def test_a_damaged_document_is_not_adopted(ran: Path) -> None:
    one, two, *_ = documents(ran, f"stage = 'essay' and {ADOPTABLE}")
    raw = ran / "docs" / one["doc_dir"] / "raw.txt"
    raw.chmod(0o644)
    raw.write_text("edited")
    (ran / "docs" / two["doc_dir"] / "parsed.txt").unlink()
    process = adopt(ran, "--stage", "essay", "--json")
    found = summary(process)
    assert process.returncode == 1
    assert len(found["damaged"]) == 2
    assert all("docs-index verify" in each for each in found["damaged"])
    for row in (one, two):
        assert not folder(ran, "essay", row["doc_id"]).exists()
        assert f"x_{row['doc_id']}" not in found["essays"]


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("parser = 'essay_block'", None),
        ("parser = 'essay_block'", b"edited, and longer"),
        ("parser is null", None),
        ("parser = 'essay_block'", b"\xff"),
    ],
)
def test_a_damaged_parsed_text_is_not_adopted(
    condition: str, text: bytes | None, ran: Path
) -> None:
    (row, *_) = documents(ran, f"{condition} and {ADOPTABLE}")
    parsed = ran / "docs" / row["doc_dir"] / "parsed.txt"
    same_length = parsed.read_bytes()[:-1] + b"#"
    parsed.chmod(0o644)
    parsed.write_bytes(text or same_length)
    for words in (["--dry-run"], []):
        process = adopt(ran, row["doc_id"], "--json", *words)
        found = summary(process)
        assert process.returncode == 1
        assert (found["essays"], found["essays_adopted"]) == ([], 0)
        [said] = found["damaged"]
        assert f"{row['doc_dir']}/parsed.txt" in said
        assert "docs-index verify" in said
    assert not folder(ran, "essay", row["doc_id"]).exists()


def test_of_a_parser_that_is_gone_the_length_is_known(ran: Path) -> None:
    (row, *_) = documents(ran, f"parser = 'essay_block' and {ADOPTABLE}")
    with closing(sqlite3.connect(index(ran))) as connection:
        connection.execute("drop trigger documents_are_never_updated")
        connection.execute("update documents set parser = 'gone'")
        connection.commit()
    good(adopt(ran, row["doc_id"]))
    essay = folder(ran, "essay", row["doc_id"])
    assert texts(essay) == texts(ran / "docs" / row["doc_dir"])
    parsed = ran / "docs" / row["doc_dir"] / "parsed.txt"
    parsed.chmod(0o644)
    parsed.write_text("shorter")
    [said] = summary(adopt(ran, row["doc_id"], "--json"))["damaged"]
    assert "parsed.txt is not the text that was ingested" in said


def test_what_a_killed_run_left_is_completed(ran: Path) -> None:
    good(adopt(ran, "--stage", "essay"))
    whole = contents(ran / "gens")
    (row, *_) = documents(ran, f"stage = 'essay' and {ADOPTABLE}")
    metadata = folder(ran, "draft", row["parent_doc_id"]) / "metadata.json"
    metadata.unlink()
    metadata.parent.rmdir()
    write(ran, "gens/evaluation/.unpublished/essay.x_1/metadata.json", "{")
    good(adopt(ran, "--stage", "essay"))
    assert contents(ran / "gens") == whole


def test_another_run_at_work_is_waited_for_in_vain(ran: Path) -> None:
    with holding(ran, ran / "db/.lock", LOCK):
        process = adopt(ran)
        assert process.returncode == 75
        assert good(adopt(ran, "--dry-run")).returncode == 0
    assert not (ran / "gens/essay").exists() or not list(
        (ran / "gens/essay").glob("x_*")
    )


# The selection -----------------------------------------------------------------------


def test_essays_are_listed_for_the_next_cohort(ran: Path) -> None:
    (ran / SELECTION).unlink(missing_ok=True)
    process = good(adopt(ran, "--stage", "essay", "--select"))
    assert "docs-index cohort build NAME" in process.stdout
    chosen = {f"x_{row['doc_id']}" for row in documents(ran, "stage = 'essay'")}
    assert set(listed(ran)) == chosen
    assert (ran / SELECTION).read_text().startswith("# mode: evaluation-only\n")


def test_a_selection_names_the_command_that_wrote_it(ran: Path) -> None:
    (ran / SELECTION).unlink(missing_ok=True)
    good(adopt(ran, "--stage", "essay", "--select"))
    written = (ran / SELECTION).read_text()
    assert "\n# Written by `docs-index cohort adopt`, which replaces it " in written
    write_selection(ran / SELECTION, "select", "Others.", ["e1"], replaces=False)
    assert (
        "\n# Written by `docs-index cohort select`, " in (ran / SELECTION).read_text()
    )
    good(adopt(ran, "--stage", "essay", "--select"))
    assert (ran / SELECTION).read_text() == written


def test_tables_that_a_cohort_needs_and_that_are_not_there_are_named(
    ran: Path,
) -> None:
    assert summary(adopt(ran, "--stage", "essay", "--json"))["missing_tables"] == []
    gone = ["1_raw/llm_models.csv", "1_raw/replication_config.csv"]
    for table in gone:
        (ran / table).unlink()
    said = good(adopt(ran, "--stage", "essay")).stdout
    assert "\na cohort needs these tables too, which are not there\n" in said
    for table in gone:
        assert f"\n{table}\tcolumns " in said
    assert "1_raw/evaluation_templates.csv" not in said


@pytest.mark.parametrize(
    ("blocked", "left"),
    [
        ({}, ""),
        ({"no template": 1}, "; 1 evaluation is blocked until the above is corrected"),
        (
            {"no template": 3, "no model": 2},
            "; 5 evaluations are blocked until the above is corrected",
        ),
    ],
)
def test_a_dry_run_says_how_many_evaluations_are_blocked(
    capsys: pytest.CaptureFixture[str], blocked: dict[str, int], left: str
) -> None:
    summary = Building(
        data_root="/d",
        cohort_id="spring",
        dry_run=True,
        members={},
        evaluations={},
        calls_saved=0,
        calls_to_make=0,
        templates=[],
        models=[],
        unfinished_for_finished=0,
        blocked=blocked,
        failed={},
        outdated={},
        unreadable=[],
        changed_files=[],
    )
    print_building(summary)
    end = capsys.readouterr().out.splitlines()[-1]
    assert end == f"next\tdocs-index cohort build spring\tcarries this out{left}"


def test_a_selection_that_somebody_wrote_is_kept(ran: Path) -> None:
    write(ran, SELECTION, "# mode: evaluation-only\ne1\n")
    before = snapshot(ran)
    process = adopt(ran, "--select")
    assert process.returncode == 2
    assert "--replace" in process.stderr
    assert snapshot(ran) == before
    good(adopt(ran, "--stage", "essay", "--select", "--replace"))
    assert "e1" not in listed(ran)


# A campaign --------------------------------------------------------------------------

HISTORIES = """\
sources:
  answers:
    files: exports/answers.jsonl
    id: id
    task_id: question
    combo_id: question
    model_id: model
    response: text
    follows: {id: [optional, after]}
  grades:
    files: exports/answers.jsonl
    kind: judgement
    id: grade_id
    where: {graded: yes it is}
    model_id: = judge-1
    template_id: = rubric
    response: grade
    targets: [{source: answers, id: id}]
"""


@pytest.mark.slow
def test_a_history_is_evaluated_from_adoption_to_scores(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, "histories.yml", HISTORIES)
    turns = [
        {"id": f"a{number}", "question": "boats", "model": "aurora-7b",
         "text": f"Answer {number}.", "after": f"a{number - 1}" if number else None,
         "graded": "yes it is" if not number else "no", "grade_id": f"g{number}",
         "grade": "Fine."}
        for number in range(3)
    ]  # fmt: skip
    write(root, "exports/answers.jsonl", "".join(f"{json.dumps(each)}\n"
                                                 for each in turns))  # fmt: skip
    write(root, "1_raw/templates/evaluation/novelty.txt", TEMPLATE)
    tables(
        root,
        evaluation_templates=["template_id,parser", "novelty,in_last_line"],
        llm_models=["id,model,for_evaluation", "sonnet-4,vendor/sonnet,true"],
        replication_config=["stage,replicates", "evaluation,1"],
    )
    dbt = {"DBT_TARGET_PATH": str(tmp_path / "dbt")}
    good(command(root, "run", **dbt))
    good(adopt(root, "--stage", "generation", "--select"))
    assert len(listed(root)) == 3
    built = good(command(root, "cohort", "build", "spring", "--json", **dbt))
    assert summary(built)["members"] == {
        "drafts": 2, "essays": 3, "existing_evaluations": 0, "new_evaluations": 3
    }  # fmt: skip
    with started_endpoint() as endpoint:
        address = {"OPENAI_BASE_URL": endpoint.url, "OPENAI_API_KEY": "secret"}
        good(command(root, "cohort", "run", "spring", "--quiet", **dbt, **address))
        assert endpoint.requests == 3
        prompts = {
            TEMPLATE.replace("{{ response }}", str(row["text"])) for row in turns
        }
        assert set(endpoint.prompts) == prompts
    scores = read_csv(root / "7_cross_experiment/aggregated_scores.csv")
    assert {row["parent_gen_id"] for row in scores} == set(listed(root))
    assert {
        (row["score"], row["combo_id"], row["draft_template"], row["generation_model"])
        for row in scores
    } == {("7.0", "boats", "none", "aurora-7b")}
    again = good(command(root, "cohort", "build", "spring", **dbt))
    assert "nothing new: nothing was written" in again.stdout
