"""Scores of the whole store in one table, and those of a cohort: the commands."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from building import (
    REPOSITORY,
    Process,
    broken_dbt,
    dbt,
    good,
    materialize,
    read_csv,
    snapshot,
    write,
)
from cohort_roots import campaign_root, generation
from endpoint import GOOD, Endpoint, Reply, started_endpoint
from scoring import command, judged
from terminal import on_terminal

from docs_index.cohorts.scores import cohort_scores
from docs_index.errors import CohortError, StorageError
from docs_index.layout import open_cohort_layout
from docs_index.resources import seed
from docs_index.warehouse import score_inputs
from docs_index.warehouse.answer_scan import COLUMNS as ROW_COLUMNS
from docs_index.warehouse.answer_scan import scan_answers

SCORES = "7_cross_experiment/aggregated_scores.csv"
HEADER = [
    "gen_id", "parent_gen_id", "evaluation_template", "evaluation_llm_model", "score",
    "error", "cohort_id", "combo_id", "draft_template", "generation_template",
    "generation_model", "origin_cohort_id", "generation_response_path",
    "evaluation_response_path",
]  # fmt: skip
CUT = {"failure": "truncated", "finish_reason": "length"}


def fresh(root: Path, folder: Path) -> Path:
    """Copy a root without a build."""
    return Path(shutil.copytree(root, folder / "root"))


def aggregate(root: Path, *args: str) -> Process:
    return good(command(root, "aggregate_scores", *args))


def a_store(root: Path) -> Path:
    """Write a store with evaluations of every kind: those of `ERRORS` and `GIVEN`."""
    campaign_root(root, ["e1"])
    of_e1: dict[str, Any] = {
        "parent_gen_id": " e1 ", "template_id": "novelty", "llm_model_id": "m, \"n\"",
        "origin_cohort_id": "autumn", "combo_id": "own", "replicate": 1,
    }  # fmt: skip
    answers: dict[str, dict[str, Any]] = {
        "a_score": {"parsed": " 7.0\n", "raw": "SCORE: 7"},
        "a_small_one": {"parsed": "0"},
        "B_score": {"parsed": "-1e-7", "raw_metadata": CUT},
        "c_words": {"parsed": "7 or 8\n"},
        "d_nan": {"parsed": "nan"},
        "e_long": {"parsed": "7" * 2000},
        "f_empty": {"parsed": ""},
        "g_unparsed": {"raw": "well"},
        "h_no_answer": {"prompt": "?", "raw_metadata": CUT},
        "i_truncated": {"raw": "SCORE", "raw_metadata": CUT},
        "j_truncated": {"raw": "SCORE", "raw_metadata": {"finish_reason": "length"}},
        "k_truncated": {"raw": "SCORE", "raw_metadata": {"truncated": True}},
        "l_filtered": {"raw": "", "raw_metadata": {"failure": "filtered"}},
        "m_refused": {"raw": "no", "raw_metadata": {"failure": "refused"}},
        "n_no_text": {"raw": "", "raw_metadata": {"failure": "no_text"}},
        "p_unparsed": {"raw": "x", "raw_metadata": "{"},
        "q_unparsed": {"raw": "x", "raw_metadata": {"failure": ["odd"]}},
    }
    for name, files in answers.items():
        generation(root, "evaluation", name, metadata=of_e1, **files)
    for name in ("o_unreadable", "o_unreadable_too"):
        folder = generation(root, "evaluation", name, metadata=of_e1)
        (folder / "raw_response.json").write_text("{}")
    write(root, "gens/evaluation/o_unreadable/raw_metadata.json",
          '{"failure": "unreadable"}')  # fmt: skip
    generation(root, "evaluation", "r_bytes", metadata=of_e1)
    (root / "gens/evaluation/r_bytes/parsed.txt").write_bytes(b"7\xff")
    (generation(root, "evaluation", "s_folder", metadata=of_e1) / "parsed.txt").mkdir()
    older = {"evaluation_template": "depth", "parent_gen_id": "gone"}
    generation(root, "evaluation", "t_older", metadata=older, parsed="3\n")
    generation(root, "evaluation", "u_bare", metadata={})
    generation(root, "evaluation", "broken", metadata="{", parsed="9\n")
    (root / "gens/evaluation/empty").mkdir()
    return root


ERRORS = {
    "c_words": "not_a_number", "d_nan": "not_a_number", "e_long": "not_a_number",
    "f_empty": "not_a_number", "r_bytes": "not_a_number", "g_unparsed": "unparsed",
    "p_unparsed": "unparsed", "q_unparsed": "unparsed", "h_no_answer": "no_answer",
    "s_folder": "no_answer", "u_bare": "no_answer", "i_truncated": "truncated",
    "j_truncated": "truncated", "k_truncated": "truncated", "l_filtered": "filtered",
    "m_refused": "refused", "n_no_text": "no_text", "o_unreadable": "unreadable",
    "o_unreadable_too": "unreadable",
}  # fmt: skip
GIVEN = {"a_score": 7.0, "a_small_one": 0.0, "B_score": -1e-7, "t_older": 3.0}


@pytest.fixture(scope="module")
def aggregated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Process]:
    """A store of every kind after one run; only to be read."""
    root = a_store(tmp_path_factory.mktemp("scores") / "root")
    return root, aggregate(root, "--json")


# The table of all scores -------------------------------------------------------------


def test_every_evaluation_has_a_score_or_a_reason(
    aggregated: tuple[Path, Process],
) -> None:
    root, _ = aggregated
    rows = {row["gen_id"]: row for row in read_csv(root / SCORES)}
    assert list(next(iter(rows.values()))) == HEADER
    assert list(rows) == sorted(ERRORS | GIVEN)
    assert {name: row["error"] for name, row in rows.items() if row["error"]} == ERRORS
    scores = {name: float(row["score"]) for name, row in rows.items() if row["score"]}
    assert scores == GIVEN


def test_a_row_tells_what_was_judged_and_where_it_is(
    aggregated: tuple[Path, Process],
) -> None:
    root, _ = aggregated
    rows = {row["gen_id"]: list(row.values()) for row in read_csv(root / SCORES)}
    assert rows["a_score"] == [
        "a_score", "e1", "novelty", 'm, "n"', "7.0", "", "autumn", "c-e1", "d", "t",
        "m", "autumn", "gens/essay/e1/parsed.txt", "gens/evaluation/a_score/parsed.txt",
    ]  # fmt: skip
    assert rows["t_older"] == [
        "t_older", "gone", "depth", "", "3.0", "", "", "", "", "", "", "", "",
        "gens/evaluation/t_older/parsed.txt",
    ]  # fmt: skip
    assert rows["g_unparsed"][-2:] == ["gens/essay/e1/parsed.txt", ""]
    assert rows["u_bare"] == ["u_bare", "", "", "", "", "no_answer", *[""] * 8]


def test_what_is_passed_over_is_counted_and_named(
    aggregated: tuple[Path, Process],
) -> None:
    _, process = aggregated
    summary = json.loads(process.stdout)
    assert (summary["evaluations"], summary["scored"]) == (23, 4)
    assert summary["unscored"] == {
        "not_a_number": 5, "truncated": 3, "filtered": 1, "refused": 1, "no_text": 1,
        "unreadable": 2, "unparsed": 3, "no_answer": 3,
    }  # fmt: skip
    broken, empty = summary["unreadable"]
    assert broken.startswith("gens/evaluation/broken its metadata.json is not JSON")
    assert empty == "gens/evaluation/empty has no metadata.json"
    assert summary["changed_files"] == [SCORES]


@pytest.mark.slow
def test_the_store_and_the_documents_build_are_left_alone(
    aggregated: tuple[Path, Process], tmp_path: Path
) -> None:
    root, _ = aggregated
    copy = fresh(root, tmp_path)
    before = snapshot(copy)
    process = aggregate(copy)
    assert "nothing new: nothing was written" in process.stdout
    assert "directories that cannot be read, left out: 2" in process.stdout
    assert snapshot(copy) == before
    assert not (copy / "db").exists()


@pytest.mark.slow
def test_a_build_of_the_scores_leaves_the_documents_complete(root: Path) -> None:
    for selected in (("--selector", "scores"), ("--select", "score_errors")):
        good(dbt(root, "build", *selected))
        good(materialize(root))
    with duckdb.connect(str(root / "db/build.duckdb"), read_only=True) as build:
        [(scores,)] = build.execute("select count(*) from evaluation_scores").fetchall()
    assert scores == len(read_csv(root / SCORES))


@pytest.mark.slow
def test_the_sample_has_the_scores_of_its_store(tmp_path: Path) -> None:
    root = fresh(REPOSITORY / "sample", tmp_path)
    process = aggregate(root)
    assert "nothing new: nothing was written" in process.stdout


@pytest.mark.slow
def test_an_empty_store_has_a_header(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "gens/essay").mkdir(parents=True)
    aggregate(root)
    assert (root / SCORES).read_text() == ",".join(HEADER) + "\n"


@pytest.mark.slow
def test_a_build_that_fails_leaves_the_last_table(tmp_path: Path) -> None:
    root = campaign_root(tmp_path / "root")
    write(root, SCORES, "mine\n")
    path = broken_dbt(tmp_path, "nowhere")
    process = command(root, "aggregate_scores", PYTHONPATH=path)
    assert process.returncode == 2
    assert "dbt could not aggregate the scores" in process.stderr
    assert "nowhere" in process.stderr
    (tmp_path / "file").write_text("")
    no_folder = str(tmp_path / "file" / "dbt")
    process = command(root, "aggregate_scores", DBT_TARGET_PATH=no_folder)
    assert process.returncode == 74
    assert (root / SCORES).read_text() == "mine\n"
    left = [path.name for path in (root / SCORES).parent.iterdir()]
    assert left == [Path(SCORES).name]


# Reading the store -------------------------------------------------------------------


def test_workers_read_the_same_as_one_process(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for number in range(4100):
        files = {"parsed": f"{number}\n"} if number % 3 else {}
        generation(root, "evaluation", f"v{number}", metadata={}, **files)
    found = []
    for processes in (1, 3):
        scratch = tmp_path / str(processes)
        scratch.mkdir()
        files_read = scan_answers(root / "gens", scratch, processes)
        assert len(files_read) == 3
        texts = [Path(file).read_text() for file in files_read]
        found.append(sorted(line for text in texts for line in text.splitlines()))
    assert found[0] == found[1]
    assert len(found[0]) == 4100
    assert set(json.loads(found[0][1])) <= set(ROW_COLUMNS)


def test_a_machine_that_fails_ends_both_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dbt does not take a store that was half read for a whole one."""

    def failing(*_: object) -> list[str]:
        raise OSError(5, "Input/output error", "/store")

    layout = open_cohort_layout(campaign_root(tmp_path))
    monkeypatch.setattr(score_inputs, "scan_answers", failing)
    told = []
    with (
        duckdb.connect() as db,
        pytest.raises(OSError, match="Input/output error"),
        score_inputs.read_ahead(layout) as (pipe, environment),
    ):
        [(name, value)] = environment.items()
        monkeypatch.setenv(name, value.replace(str(pipe), str(os.dup(pipe))))
        try:
            score_inputs.load_generations(db, layout)
        except StorageError as error:
            told.append(str(error))
    assert told == ["reading the generation store has failed: run again"]


def test_dbt_that_ends_early_does_not_hide_its_own_error(tmp_path: Path) -> None:
    layout = open_cohort_layout(campaign_root(tmp_path))
    with (
        pytest.raises(ValueError, match="dbt's own"),
        score_inputs.read_ahead(layout),
    ):
        raise ValueError("dbt's own")


# Words -------------------------------------------------------------------------------


def test_every_reason_is_documented_and_happens() -> None:
    rows = seed("scores/score_errors")
    assert set(ERRORS.values()) == {row["score_error"] for row in rows}
    text = (REPOSITORY / "docs/cohorts.md").read_text()
    for row in rows:
        assert f"| `{row['score_error']}` | {row['description']} |" in text


# The scores of a cohort --------------------------------------------------------------


def test_a_cohort_is_named_with_or_without_the_option(tmp_path: Path) -> None:
    root = judged(tmp_path / "root")
    shown = [
        good(command(root, "cohort_scores", *args, **environment)).stdout
        for args, environment in [
            (("here",), {}),
            (("--cohort", "here"), {}),
            (("here", "--cohort", "here"), {}),
            ((), {"DD_COHORT": "here"}),
        ]
    ]
    assert shown.count(shown[0]) == 4
    assert "agreement of judges" in shown[0]


def test_scores_fit_a_terminal_and_are_whole_in_a_pipe(tmp_path: Path) -> None:
    root = judged(tmp_path / "root")
    asked = [sys.executable, "scripts/cohort_scores.py", "here"]
    for columns in (60, 80):
        environment = {"DATA_ROOT": str(root), "NO_COLOR": "1"}
        lines = on_terminal(asked, environment, columns=columns).splitlines()
        assert max(map(len, lines)) <= columns
    shown = good(command(root, "cohort_scores", "here")).stdout
    table = shown.partition("\njudges\n")[2].partition("\n\n")[0].splitlines()
    head, *rows = (line.split("\t") for line in table)
    judges = cohort_scores(open_cohort_layout(root), "here").judges
    assert [float(row[head.index("mean")]) for row in rows] == [
        judge["mean"] for judge in judges
    ]
    assert "\u202e" not in shown[0]
    for args, said in [
        (("here", "--cohort", "there"), "two cohorts are named"),
        (("there",), "build the cohort first"),
        ((), "no cohort is named"),
        (("here", "--json", "--csv", "-"), "both write to stdout"),
    ]:
        process = command(root, "cohort_scores", *args)
        assert (process.returncode, said in process.stderr) == (2, True)


def test_json_and_csv_have_the_same_table(tmp_path: Path) -> None:
    root = judged(tmp_path / "root")
    before = snapshot(root)
    out = tmp_path / "out.csv"
    scores = json.loads(
        good(command(root, "cohort_scores", "here", "--json", "--csv", str(out))).stdout
    )
    alone = good(command(root, "cohort_scores", "here", "--csv", "-")).stdout
    assert out.read_text() == alone
    rows = [
        {key: "" if value is None else str(value) for key, value in row.items()}
        for row in scores["table"]
    ]
    assert read_csv(out) == rows
    assert len(rows) == 24
    assert scores["scored"] + sum(scores["unscored"].values()) == 48
    assert snapshot(root) == before
    process = command(root, "cohort_scores", "here", "--csv", str(out))
    assert (process.returncode, "pass --replace" in process.stderr) == (2, True)
    good(command(root, "cohort_scores", "here", "--csv", str(out), "--replace"))
    limited = good(command(root, "cohort_scores", "here", "--limit", "1"))
    assert "23 more rows; --limit 0 shows all" in limited.stderr
    head, row = limited.stdout.partition("essays, the best first\n")[2].splitlines()
    assert len(head.split("\t")) == len(row.split("\t"))


def test_scores_are_those_on_disk_now(tmp_path: Path) -> None:
    layout = open_cohort_layout(judged(tmp_path))
    before = cohort_scores(layout, "here")
    write(tmp_path, "gens/evaluation/v_e0_novelty_0_1/parsed.txt", "nonsense")
    after = cohort_scores(layout, "here")
    assert after.unscored["not_a_number"] == 1
    assert after.evaluations == before.evaluations == 48
    (tmp_path / "cohorts/here/membership.csv").write_text("stage\n")
    with pytest.raises(CohortError):
        cohort_scores(layout, "there")


# The loop ----------------------------------------------------------------------------


def script(prompt: str, number: int) -> Reply:
    """Give the judges different scores, by the length of the essay."""
    return Reply(f"{GOOD[:-1]}{len(prompt) % 9}")


@pytest.mark.slow
def test_the_loop_closes_on_the_sample(tmp_path: Path) -> None:
    """After a complete cohort the same selection finds nothing missing."""
    root = fresh(REPOSITORY / "sample", tmp_path)
    with started_endpoint() as endpoint:
        endpoint.script = script
        first = campaign(root, endpoint, "spring", "curiosity-score-v3", new=3)
        assert endpoint.requests == 3
        assert "nothing missing" in choose(root, "spring", "curiosity-score-v3").stdout
        scores = read_csv(root / SCORES)
        assert [row["error"] for row in scores].count("unparsed") == 1  # of autumn
        of_spring = {row["gen_id"] for row in scores if row["cohort_id"] == "spring"}
        assert len(of_spring) == 3

        # The next campaign starts from the last one's scores, with a new template.
        write(root, "1_raw/evaluation_templates.csv",
              "template_id,parser,active\ncuriosity-score-v3,in_last_line,false\n"
              "curiosity-score-v4,in_last_line,true\n")  # fmt: skip
        write(root, "1_raw/templates/evaluation/curiosity-score-v4.txt",
              "Again?\n{{ response }}\nSCORE: n")  # fmt: skip
        second = campaign(
            root, endpoint, "summer", "curiosity-score-v4", new=4,
            baseline="curiosity-score-v3",
        )  # fmt: skip
        assert endpoint.requests == 3 + 4
        chosen = choose(
            root, "summer", "curiosity-score-v4", baseline="curiosity-score-v3"
        )
        assert "nothing missing" in chosen.stdout
        assert endpoint.asked_most <= 2  # the two judges, each once
    assert len(read_csv(root / SCORES)) == len(scores) + 4
    assert sorted(first) == sorted(second)
    shown = good(command(root, "cohort_scores", "summer", "--json")).stdout
    [agreement] = json.loads(shown)["agreement"]
    assert (agreement["judges"], agreement["essays"]) == (2, 2)


def campaign(
    root: Path,
    endpoint: Endpoint,
    cohort: str,
    target: str,
    *,
    new: int,
    baseline: str = "curiosity-score-v2",
) -> list[str]:
    """Select, build, run and aggregate; return the essays that were selected."""
    chosen = choose(root, cohort, target, baseline=baseline)
    assert "2 of the best 2 essays have no score" in chosen.stdout
    built = good(command(root, "build_cohort", "--cohort", cohort, "--json"))
    assert json.loads(built.stdout)["members"]["new_evaluations"] == new
    address = {"OPENAI_BASE_URL": endpoint.url, "OPENAI_API_KEY": "secret"}
    good(command(root, "run_evaluations", "--cohort", cohort, **address))
    aggregate(root)
    lines = (root / "2_tasks/selected_essays.txt").read_text().splitlines()
    return [line for line in lines if line and line[0] != "#"]


def choose(
    root: Path, cohort: str, target: str, baseline: str = "curiosity-score-v2"
) -> Process:
    return good(
        command(
            root, "select_missing_novelty_v2", "--cohort", cohort, "--top-n", "2",
            "--baseline-template", baseline, "--target-template", target,
        )
    )  # fmt: skip
