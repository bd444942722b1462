"""Choosing the essays that lack a score."""

import random
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from building import Process, run, snapshot, write

from docs_index.cohorts.select import Chosen, Wish, choose_essays
from docs_index.errors import DocsIndexError
from docs_index.layout import open_cohort_layout

HEADER = "parent_gen_id,evaluation_template,evaluation_llm_model,score"
SCORES = "7_cross_experiment/aggregated_scores.csv"


def choose(root: Path, *rows: str, top_n: int = 30, models: str = "") -> Chosen:
    """Choose from these rows of scores."""
    write(root, SCORES, "\n".join((HEADER, *rows)) + "\n")
    wish = Wish("here", top_n, "novelty", "novelty-v2", models.split())
    return choose_essays(open_cohort_layout(root), wish)


def test_the_best_without_a_target_score_are_listed(tmp_path: Path) -> None:
    chosen = choose(
        tmp_path,
        "e1,novelty,a,5", "e1,novelty,a,7", "e1,novelty,b,3",  # (7 + 3) / 2
        "e2,novelty,a,6", "e3,novelty,b, 9.5 ", "e4,novelty,a,6", "e5,novelty,a,1",
        "e3,novelty-v2,z,0", "e4,novelty-v2,a,", "e2,novelty-v2,a,nan",
        "e9,depth,a,9", ",novelty,a,9", "e8,novelty,a,inf", "e7,novelty,a,none",
        top_n=4,
    )  # fmt: skip
    assert chosen.best == ["e3", "e2", "e4", "e1"]
    assert chosen.missing == ["e2", "e4", "e1"]
    text = (tmp_path / "2_tasks/selected_essays.txt").read_text()
    assert text.splitlines()[:2] == [
        "# mode: evaluation-only", "# include-existing-evaluations"
    ]  # fmt: skip
    assert [line for line in text.splitlines() if line[0] != "#"] == chosen.missing


def test_only_the_models_that_are_named_are_averaged(tmp_path: Path) -> None:
    rows = ("e1,novelty,a,1", "e1,novelty,b,9", "e2,novelty,a,2", "e3,novelty,b,9")
    assert choose(tmp_path, *rows, models="a").best == ["e2", "e1"]
    assert choose(tmp_path, *rows, models="a c").best == ["e2", "e1"]
    assert choose(tmp_path, *rows).best == ["e3", "e1", "e2"]


def test_equal_scores_are_ties_in_whatever_order_they_stand(tmp_path: Path) -> None:
    scores = ["1.1", "2.2", "3.3", "7.7", "0.1"]
    draw = random.Random(1)
    rows = []
    for essay in ("e3", "e1", "e2", "e4"):
        draw.shuffle(scores)
        rows += [f"{essay},novelty,m{n},{score}" for n, score in enumerate(scores)]
    assert choose(tmp_path, *rows, top_n=3).best == ["e1", "e2", "e3"]


def test_random_scores_are_ranked_as_in_plain_python(tmp_path: Path) -> None:
    draw = random.Random(7)
    rows = [
        (f"e{draw.randrange(40)}", draw.choice(["novelty", "novelty-v2", "x"]),
         draw.choice("abc"), draw.randrange(10))
        for _ in range(300)
    ]  # fmt: skip
    highest: dict[str, dict[str, int]] = defaultdict(dict)
    for essay, template, model, score in rows:
        if template == "novelty":
            highest[essay][model] = max(score, highest[essay].get(model, 0))
    ranked = sorted(
        highest, key=lambda e: (-sum(highest[e].values()) / len(highest[e]), e)
    )[:15]
    done = {essay for essay, template, _, _ in rows if template == "novelty-v2"}
    chosen = choose(tmp_path, *(",".join(map(str, row)) for row in rows), top_n=15)
    assert chosen.best == ranked
    assert chosen.missing == [essay for essay in ranked if essay not in done]


def test_nothing_missing_writes_nothing(tmp_path: Path) -> None:
    rows = ("e1,novelty,a,5", "e1,novelty-v2,a,5")
    choose(tmp_path, *rows)
    before = snapshot(tmp_path)
    process = command(tmp_path, "--cohort", "here")
    assert process.returncode == 0
    assert "nothing missing" in process.stdout
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "content, said",
    [
        (None, "aggregated_scores.csv is missing"),
        ("", "there is no header line"),
        (f"{HEADER}\n", "is empty: aggregate the scores first"),
        (f"{HEADER}\ne1,depth,a,5\n", "has no score for template novelty"),
        ("parent_gen_id,score\ne1,5\n", "no column 'evaluation_template'"),
        (f'{HEADER}\n"# mode: all",novelty,a,5\n', "which is not an id"),
    ],
)
def test_scores_that_cannot_be_used_are_an_error(
    tmp_path: Path, content: str | None, said: str
) -> None:
    (tmp_path / "7_cross_experiment").mkdir()
    if content is not None:
        write(tmp_path, SCORES, content)
    wish = Wish("here", 30, "novelty", "novelty-v2")
    with pytest.raises(DocsIndexError, match=said):
        choose_essays(open_cohort_layout(tmp_path), wish)
    assert not (tmp_path / "2_tasks").exists()


def test_the_command_says_what_to_do_next(tmp_path: Path) -> None:
    write(tmp_path, SCORES, f"{HEADER}\ne1,old,a,5\ne2,old,b,9\n")
    process = command(
        tmp_path, "--cohort", "spring", "--top-n", "1", "--baseline-template", "old",
        "--target-template", "new", "--average-models", "a,c", "--average-models", "d",
    )  # fmt: skip
    assert process.returncode == 0
    assert "1 of the best 1 essays have no score for new" in process.stdout
    for line in (
        "build_cohort.py --cohort spring",
        "run_evaluations.py --cohort spring",
        "cohort_status.py spring",
    ):
        assert f"  python scripts/{line}\n" in process.stdout
    assert "\ne1\n" in (tmp_path / "2_tasks/selected_essays.txt").read_text()
    assert command(tmp_path, "--cohort", "a b").returncode == 2
    assert command(tmp_path, "--cohort", "a", "--top-n", "0").returncode == 2


def command(root: Path, *args: str) -> Process:
    words = [sys.executable, "scripts/select_missing_novelty_v2.py", *args]
    return run(root, words, {})
