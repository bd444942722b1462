"""Building a cohort with the real commands: what is written, and what never is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from building import (
    LOCK,
    REPOSITORY,
    Process,
    build,
    contents,
    dbt,
    draft_row,
    good,
    holding,
    materialize,
    read_csv,
    run,
    snapshot,
    write,
    write_table,
)
from cohort_models import CohortModels
from cohort_oracle import COLUMNS, gen_id, membership
from cohort_roots import BOTH, campaign_root, generation, select
from harness import PARSED

from docs_index.cohorts.place import place_cohort
from docs_index.layout import open_cohort_layout


def build_cohort(root: Path, *args: str, **environment: str) -> Process:
    """Run scripts/build_cohort.py; dbt's files are in a folder next to the root."""
    target = root.parent / "dbt"
    if PARSED.exists() and not target.exists():
        target.mkdir()
        shutil.copyfile(PARSED, target / PARSED.name)
    changes = {"DBT_TARGET_PATH": str(target), **environment}
    return run(root, [sys.executable, "scripts/build_cohort.py", *args], changes)


def a_store(root: Path) -> Path:
    """Write a root with evaluations of every standing, of e1, and none of e2."""
    campaign_root(root, ["e1", "e2"], replicates=4)
    values = {
        "parent_gen_id": "e1", "template_id": "novelty", "llm_model_id": "sonnet-4"
    }  # fmt: skip
    for name, files in {
        "v_done": {"parsed": "7.0\n", "raw": "SCORE: 7"},
        "v_answered": {"raw": "SCORE: 6"},
        "v_failed": {"raw": "well"},
    }.items():
        generation(root, "evaluation", name, metadata=values, **files)
    generation(root, "evaluation", "broken", metadata="{")
    (root / "gens/essay/e2/parsed.txt").unlink()
    return root


def written(root: Path) -> dict[str, str]:
    """Return what a cohort's files hold."""
    found = contents(root / "gens") | contents(root / "cohorts")
    assert not [path for path in found if "unpublished" in path]
    return found


def test_a_cohort_is_built(tmp_path: Path) -> None:
    root = a_store(tmp_path / "root")
    expected = membership(root, "here")
    before = snapshot(root)
    first = good(build_cohort(root, DD_COHORT="here"))
    for line in (
        "drafts\t2\n",
        "existing evaluations\t3\n",
        "new evaluations\t5\n",
        "unparsed\t1\n",
        "e2/parsed.txt is missing: finish the essay first (4)",
        "next\tdocs-index cohort run here\t",
    ):
        assert line in first.stdout
    rows = read_csv(root / "cohorts/here/membership.csv")
    assert [list(row.values()) for row in rows] == expected.rows
    assert list(rows[0]) == COLUMNS
    for name, values in expected.new.items():
        folder = root / "gens/evaluation" / name
        assert [path.name for path in folder.iterdir()] == ["metadata.json"]
        assert json.loads((folder / "metadata.json").read_text()) == values
    after = snapshot(root)
    assert {path: entry for path, entry in after.items() if path in before
            and entry.kind == "file"} == {
        path: entry for path, entry in before.items() if entry.kind == "file"
    }  # fmt: skip


@pytest.mark.slow
def test_a_cohort_is_planned_without_writing_and_built_once(tmp_path: Path) -> None:
    root = a_store(tmp_path / "root")
    before = snapshot(root)
    dry = good(build_cohort(root, "--cohort", "here", "--dry-run", "--json"))
    assert snapshot(root) == before
    summary = json.loads(dry.stdout)
    assert summary["members"] == {
        "drafts": 2, "essays": 2, "existing_evaluations": 3, "new_evaluations": 5
    }  # fmt: skip
    assert summary["evaluations"] == {
        "done": 1, "answered": 1, "failed": 1, "in_batch": 0, "to_run": 1,
        "blocked": 4,
    }  # fmt: skip
    assert (summary["calls_saved"], summary["calls_to_make"]) == (3, 1)
    assert list(summary["blocked"].values()) == [4]
    assert summary["unreadable"][0].startswith("gens/evaluation/broken its metadata")

    good(build_cohort(root, "--cohort", "here"))
    after = snapshot(root)
    again = good(build_cohort(root, "--cohort", "here"))
    assert "nothing new: nothing was written" in again.stdout
    assert snapshot(root) == after


@pytest.mark.slow
def test_finished_evaluations_are_left_out_unless_they_are_preferred(
    tmp_path: Path,
) -> None:
    root = campaign_root(tmp_path / "root", ["e1"])
    values = {
        "parent_gen_id": "e1", "template_id": "novelty", "llm_model_id": "sonnet-4"
    }  # fmt: skip
    generation(root, "evaluation", "v_a", metadata=values)
    generation(root, "evaluation", "v_b", metadata=values, parsed="7.0\n")
    said = "unfinished members in place of finished evaluations: 1"
    plan = good(build_cohort(root, "--cohort", "here", "--dry-run")).stdout
    assert f"{said}; --prefer-done takes the finished ones" in plan

    preferring = ("--cohort", "here", "--prefer-done")
    plan = good(build_cohort(root, *preferring, "--dry-run", "--json")).stdout
    summary = json.loads(plan)
    assert summary["unfinished_for_finished"] == 0
    assert (summary["evaluations"]["done"], summary["calls_to_make"]) == (1, 0)
    assert said not in good(build_cohort(root, *preferring)).stdout
    assert read_csv(root / "cohorts/here/membership.csv")[-1]["gen_id"] == "v_b"
    again = good(build_cohort(root, "--cohort", "here", DD_PREFER_DONE="true"))
    assert "nothing new: nothing was written" in again.stdout


@pytest.mark.slow
def test_faults_are_told_and_nothing_is_written(tmp_path: Path) -> None:
    root = campaign_root(tmp_path / "root")
    select(root, "# mode: evaluation-only\n# fill_it_up\ne1\nnowhere\ngone\n")
    before = snapshot(root)
    process = build_cohort(root, "--cohort", "here")
    assert process.returncode == 2
    for said in (
        '"# fill_it_up" is not a directive',
        "nowhere: gens/essay/nowhere is not there",
        "gone: gens/essay/gone is not there",
        "nothing was written",
    ):
        assert said in process.stderr
    (root / "1_raw/llm_models.csv").write_text("id,model\nm,x\n")
    process = build_cohort(root, "--cohort", "here")
    assert process.returncode == 2
    assert "there is no column 'for_evaluation'" in process.stderr
    assert "Runtime Error" not in process.stderr
    (root / "1_raw/llm_models.csv").write_text(
        "id,model,for_evaluation\nsonnet-4,vendor/sonnet-4,true\n"
    )
    assert contents(root) == {path: entry.content for path, entry in before.items()}


def test_a_locked_root_and_a_missing_name_are_told(tmp_path: Path) -> None:
    root = campaign_root(tmp_path / "root")
    process = build_cohort(root, "--cohort", "a/b")
    assert (process.returncode, "cannot name a folder" in process.stderr) == (2, True)
    process = build_cohort(root, DD_COHORT="none")
    assert (process.returncode, "set DD_COHORT" in process.stderr) == (2, True)
    (root / "cohorts").symlink_to(tmp_path)
    process = build_cohort(root, "--cohort", "here")
    assert (process.returncode, "leads out of the" in process.stderr) == (2, True)
    (root / "cohorts").unlink()
    (root / "cohorts").mkdir()
    (root / "cohorts/here").symlink_to(tmp_path)
    process = build_cohort(root, "--cohort", "here")
    assert (process.returncode, "leads out of the" in process.stderr) == (2, True)
    (root / "cohorts/here").unlink()
    with holding(root, root / "db" / ".lock", LOCK):
        process = build_cohort(root, "--cohort", "here")
    assert (process.returncode, "is working on" in process.stderr) == (75, True)


@pytest.mark.slow
def test_a_killed_build_is_completed_by_the_next(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = a_store(tmp_path / "root")
    clean = built(cohort_models, root, tmp_path / "clean.duckdb", dry_run=False)
    for path in (root / "gens/evaluation").glob("v_*"):
        if len(path.name) > 12:  # what the build has added
            (path / "metadata.json").unlink()
            path.rmdir()
    (root / "cohorts/here/membership.csv").unlink()
    (root / "cohorts/here").rmdir()
    built(cohort_models, root, tmp_path / "plan.duckdb", dry_run=True)
    folder = tmp_path / "killed"
    folder.mkdir()
    subprocess.run(
        [sys.executable, str(REPOSITORY / "tests/killing.py"), str(root),
         str(tmp_path / "plan.duckdb"), str(folder)],
        check=True, timeout=120,
    )  # fmt: skip
    killed = sorted(folder.iterdir(), key=lambda path: int(path.name))
    assert len(killed) > 20
    for number, copy in enumerate(killed, 1):
        for path in (copy / "gens/evaluation").glob("v_*"):
            json.loads((path / "metadata.json").read_text())
        listed = copy / "cohorts/here/membership.csv"
        if listed.exists():
            assert listed.read_bytes() == clean_bytes(clean)
            for row in read_csv(listed):
                assert (copy / "gens" / row["stage"] / row["gen_id"]).is_dir()
        again = built(cohort_models, copy, tmp_path / f"{number}.duckdb", dry_run=False)
        assert again == clean, number


def clean_bytes(files: dict[str, bytes]) -> bytes:
    return files["cohorts/here/membership.csv"]


def built(
    models: CohortModels, root: Path, database: Path, *, dry_run: bool
) -> dict[str, bytes]:
    """Build a cohort with compiled models; return all files below the root."""
    assert models.build(root, "here", database).faults == []
    place_cohort(open_cohort_layout(root), "here", database, dry_run=dry_run)
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def test_a_directory_that_has_come_is_never_replaced(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path / "root", ["e1"])
    assert cohort_models.build(root, "here", tmp_path / "plan.duckdb").faults == []
    name = gen_id("e1", "novelty", "sonnet-4", 1)
    (root / "gens/evaluation" / name).mkdir(parents=True)
    with pytest.raises(Exception, match="was made after the build"):
        place_cohort(open_cohort_layout(root), "here", tmp_path / "plan.duckdb")
    with pytest.raises(Exception, match="of another cohort"):
        place_cohort(open_cohort_layout(root), "there", tmp_path / "plan.duckdb")
    assert not (root / "cohorts").exists()
    assert not list((root / "gens/evaluation" / name).iterdir())


@pytest.mark.slow
def test_documents_and_cohorts_share_a_root_and_leave_each_other_alone(
    tmp_path: Path,
) -> None:
    root = campaign_root(tmp_path / "shared" / "root")
    process = good(build(root))  # a generation store only
    assert "cohort" not in process.stdout.replace(str(root), "")
    row = draft_row("t1", "2025-01-01", "text")
    write(root, f"3_generation/{row['response_file']}", row.pop("text"))
    write_table(root, "7_cross_experiment/draft_generation_results.csv", [row])
    good(build(root))  # both
    good(dbt(root, "build", "--selector", "cohort", DD_COHORT="here"))
    good(materialize(root))
    good(dbt(root, "test"))
    process = dbt(root, "build", "--selector", "cohort", DD_COHORT="")
    assert process.returncode == 1
    assert "no cohort is named: pass --cohort NAME, or set DD_COHORT" in process.stdout
    select(root, BOTH)
    process = dbt(root, "build", "--selector", "cohort", DD_COHORT="here")
    assert process.returncode == 1
    assert "assert_cohort_has_no_faults" in process.stdout
    good(materialize(root))
