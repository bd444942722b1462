"""Choosing the essays that lack a score."""

import json
import random
import shlex
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from building import Process, run, snapshot, write
from cohort_models import CohortModels
from cohort_roots import campaign_root

from docs_index.cohorts.select import Chosen, Wish, choose_essays
from docs_index.errors import DocsIndexError
from docs_index.layout import open_cohort_layout

HEADER = "parent_gen_id,evaluation_template,evaluation_llm_model,score"
SCORES = "7_cross_experiment/aggregated_scores.csv"


SELECTION = "2_tasks/selected_essays.txt"


def choose(
    root: Path, *rows: str, top_n: int = 30, models: str = "", **wishes: Any
) -> Chosen:
    """Choose from these rows of scores."""
    write(root, SCORES, "\n".join((HEADER, *rows)) + "\n")
    named = models.split() or None
    wish = Wish("here", top_n, "novelty", "novelty-v2", named, **wishes)
    return choose_essays(open_cohort_layout(root), wish)


def listed(root: Path) -> list[str]:
    """Return the essays of the selection file."""
    lines = (root / SELECTION).read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_the_best_without_a_target_score_are_listed(tmp_path: Path) -> None:
    chosen = choose(
        tmp_path,
        "e1,novelty,a,5", "e1,novelty,a,7", "e1,novelty,b,3",  # (7 + 3) / 2
        "e2,novelty,a,6", "e3,novelty,b, 9.5 ", "e4,novelty,a,6", "e5,novelty,a,1",
        "e3,novelty-v2,z,0", "e4,novelty-v2,a,", "e2,novelty-v2,a, ",
        "e9,depth,a,9", ",novelty,a,9", "e8,novelty,a,",
        top_n=4,
    )  # fmt: skip
    assert chosen.best == ["e3", "e2", "e4", "e1"]
    assert chosen.missing == ["e2", "e4", "e1"]
    text = (tmp_path / "2_tasks/selected_essays.txt").read_text()
    assert text.splitlines()[:2] == [
        "# mode: evaluation-only", "# include-existing-evaluations"
    ]  # fmt: skip
    assert listed(tmp_path) == chosen.missing


def test_only_the_models_that_are_named_are_averaged(tmp_path: Path) -> None:
    rows = ("e1,novelty,a,1", "e1,novelty,b,9", "e2,novelty,a,2", "e3,novelty,b,9")
    assert choose(tmp_path, *rows, models="a").best == ["e2", "e1"]
    assert choose(tmp_path, *rows).best == ["e3", "e1", "e2"]
    for models in ("a c", "a,c", "a, c,", "c,a a"):
        chosen = choose(tmp_path, *rows, "e2,depth,c,1", models=models)
        assert chosen.best == ["e2", "e1"]
        assert (chosen.models, chosen.models_without_scores) == (["a"], ["c"])


def test_the_models_that_were_averaged_are_told(tmp_path: Path) -> None:
    rows = ("e1,novelty,a,1", "e1,novelty,b,9", "e2,novelty,b,2", "e1,depth,c,1")
    chosen = choose(tmp_path, *rows)
    assert (chosen.models, chosen.models_without_scores) == (["a", "b"], [])
    assert chosen.judged_in_part == 1
    assert choose(tmp_path, *rows, models="b").judged_in_part == 0


def test_a_model_may_have_a_comma_in_its_name(tmp_path: Path) -> None:
    rows = ('e1,novelty,"gpt,5",1', "e2,novelty,a,2", "e3,novelty,b,3")
    write(tmp_path, SCORES, "\n".join((HEADER, *rows)) + "\n")
    wish = Wish("here", 30, "novelty", "novelty-v2", ["gpt,5", "a"])
    chosen = choose_essays(open_cohort_layout(tmp_path), wish)
    assert chosen.models == ["gpt,5", "a"]


@pytest.mark.parametrize(
    "models, said",
    [("a B", "names B: .* has scores by a, b$"), (",", "names no model: .* by a, b$")],
)
def test_a_model_that_is_not_there_is_an_error(
    tmp_path: Path, models: str, said: str
) -> None:
    with pytest.raises(DocsIndexError, match=said):
        choose(tmp_path, "e1,novelty,a,1", "e1,depth,b,1", models=models)
    assert not (tmp_path / SELECTION).exists()


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


# Scores that are no numbers ----------------------------------------------------------


@pytest.mark.parametrize(
    "score",
    ['"8,5"', "9/10", "8 of 10", "nan", "inf", "1e999", "none", "1_000", "0x8", "-"],
)
def test_a_score_that_is_no_number_is_an_error_that_names_its_row(
    tmp_path: Path, score: str
) -> None:
    rows = ("e1,novelty,a,5", f"e2,depth,b,{score}", "e3,novelty,a,7")
    shown = score.strip('"')
    said = f"line 3 \\(row 2\\): '{shown}', of e2 for depth by b\ncorrect them"
    with pytest.raises(DocsIndexError, match=said):
        choose(tmp_path, *rows)
    assert not (tmp_path / SELECTION).exists()
    chosen = choose(tmp_path, *rows, skips_unreadable=True)
    assert (chosen.best, chosen.unreadable_rows) == (["e3", "e1"], 1)


@pytest.mark.parametrize(
    "score", ["5", " 5 ", "5.", ".5", "+0.5e1", "-5", '"5\n"', "", '" "', "1e-9"]
)
def test_other_scores_are_numbers_or_none(tmp_path: Path, score: str) -> None:
    chosen = choose(tmp_path, "e1,novelty,a,9", f"e2,novelty,a,{score}")
    assert chosen.unreadable_rows == 0
    assert chosen.best == (["e1", "e2"] if score.strip('" ') else ["e1"])


def test_a_row_is_named_by_the_line_where_it_begins(tmp_path: Path) -> None:
    rows = ['e1,novelty,"a\nb",5', "", "e2,novelty,a,x", "e3,novelty,a,y"]
    rows += ["e4,novelty,a,z"] * 4
    with pytest.raises(DocsIndexError) as caught:
        choose(tmp_path, *rows)
    said = str(caught.value)
    assert "in 6 row(s)" in said
    assert "line 5 (row 2): 'x', of e2" in said
    assert "line 6 (row 3): 'y', of e3" in said
    assert "... and 1 more" in said


# The selection file ------------------------------------------------------------------


def test_a_file_of_this_program_is_replaced(tmp_path: Path) -> None:
    choose(tmp_path, "e1,novelty,a,5")
    choose(tmp_path, "e2,novelty,a,5")
    assert listed(tmp_path) == ["e2"]


def edits(text: str) -> dict[str, str]:
    """Return what a person may have made of a file of this program."""
    return {
        "own": "e9\n",
        "empty": "",
        "more": f"{text}e9\n",
        "less": text.replace("e1\n", ""),
        "another": text.replace("e1", "e9"),
        "order": text.replace("e1\ne2\n", "e2\ne1\n"),
        "directive": text.replace("# include-existing-evaluations\n", ""),
        "templates": f"# templates: novelty-v2\n{text}",
        "comment": text.replace("best first", "by hand"),
        "blank line": f"{text}\n",
        "no end": text.rstrip("\n"),
        "line ends": text.replace("\n", "\r\n"),
        "no mark": "".join(f"{x}\n" for x in text.splitlines() if "checksum" not in x),
    }


@pytest.mark.parametrize("edit", list(edits("")))
def test_a_file_that_a_person_wrote_or_edited_is_kept(
    tmp_path: Path, edit: str
) -> None:
    choose(tmp_path, "e1,novelty,a,5", "e2,novelty,a,4")
    path = tmp_path / SELECTION
    edited = edits(path.read_text())[edit].encode()
    assert edited != path.read_bytes()
    path.write_bytes(edited)
    with pytest.raises(DocsIndexError, match=r"not changed: .* --replace"):
        choose(tmp_path, "e3,novelty,a,5")
    assert path.read_bytes() == edited
    assert not choose(tmp_path, "e3,novelty,a,5", "e3,novelty-v2,a,5").written
    assert choose(tmp_path, "e3,novelty,a,5", replaces=True).written
    assert listed(tmp_path) == ["e3"]
    choose(tmp_path, "e4,novelty,a,5")
    assert listed(tmp_path) == ["e4"]


@pytest.mark.parametrize("what", ["folder", "not_utf8", "link"])
def test_what_is_no_selection_is_kept(tmp_path: Path, what: str) -> None:
    path = tmp_path / SELECTION
    path.parent.mkdir()
    if what == "folder":
        path.mkdir()
    elif what == "link":
        path.symlink_to("later.txt")
    else:
        path.write_bytes(b"\xff")
    before = snapshot(tmp_path / "2_tasks")
    with pytest.raises(DocsIndexError, match="not changed"):
        choose(tmp_path, "e1,novelty,a,5")
    assert snapshot(tmp_path / "2_tasks") == before


def test_a_selection_builds_a_cohort(
    cohort_models: CohortModels, tmp_path: Path
) -> None:
    root = campaign_root(tmp_path, ["e1"])
    choose(root, "e1,novelty,a,5", replaces=True)
    assert cohort_models.build(root, "here").faults == []


# The command -------------------------------------------------------------------------


def test_the_command_says_what_to_do_next(tmp_path: Path) -> None:
    write(tmp_path, SCORES, f"{HEADER}\ne1,old,a,5\ne2,old,b,9\ne1,x,c,1\ne1,old,d,?\n")
    process = command(
        tmp_path, "--cohort", "spring", "--top-n", "1", "--baseline-template", "old",
        "--target-template", "new", "--average-models", "a,c", "--skip-unreadable",
    )  # fmt: skip
    assert process.returncode == 0
    for line in (
        "1 of the best 1 essays have no score for new",
        "averaged: scores for old by a\n",
        "no score for old by c\n",
        "rows left out, because their score is not a number: 1\n",
        "  docs-index cohort build spring\n",
        "  docs-index cohort run spring\n",
        "  docs-index cohort status spring\n",
    ):
        assert line in process.stdout
    assert listed(tmp_path) == ["e1"]
    assert command(tmp_path, "--cohort", "a b").returncode == 2
    assert command(tmp_path, "--cohort", "a", "--top-n", "0").returncode == 2


def test_the_next_commands_name_the_data_root_that_was_named(tmp_path: Path) -> None:
    root = tmp_path / "a root's"
    write(root, SCORES, f"{HEADER}\ne1,novelty,a,5\n")
    process = command(root, "--cohort", "here", "--data-root", str(root))
    commands = [line for line in process.stdout.splitlines() if "docs-index" in line]
    assert [shlex.split(line) for line in commands] == [
        ["docs-index", "cohort", name, "here", "--data-root", str(root)]
        for name in ("build", "run", "status")
    ]


@pytest.mark.parametrize(
    "words, models",
    [
        ("--average-models a b", ["a", "b"]),
        ("--average-models a,b --top-n 5", ["a", "b"]),
        ("--average-models a --average-models b", ["a", "b"]),
        ("--average-models=b a,c", ["b", "a", "c"]),
        ("--json --average-models a, b", ["a", "b"]),
    ],
)
def test_models_are_named_with_blanks_commas_or_options(
    tmp_path: Path, words: str, models: list[str]
) -> None:
    table = tmp_path / "elsewhere.csv"
    rows = [f"e1,novelty,{model},5\n" for model in "abc"]
    write(tmp_path, "elsewhere.csv", "".join([f"{HEADER}\n", *rows]))
    (tmp_path / "7_cross_experiment").mkdir()
    named = ["--aggregated-scores", str(table), "--json"]
    process = command(tmp_path, "--cohort", "here", *words.split(), *named)
    found = json.loads(process.stdout)
    assert found["models"] == models
    assert (found["missing"], found["written"]) == (["e1"], True)
    assert (found["scores"], found["unreadable_rows"]) == (str(table), 0)


@pytest.mark.parametrize("words", ["--average-models", "--average-models --top-n 5"])
def test_an_option_without_its_models_is_an_error(tmp_path: Path, words: str) -> None:
    process = command(tmp_path, "--cohort", "here", *words.split())
    assert process.returncode == 2
    assert "--average-models needs a value" in process.stderr


def command(root: Path, *args: str) -> Process:
    words = [sys.executable, "scripts/select_missing_novelty_v2.py", *args]
    return run(root, words, {})
