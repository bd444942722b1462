"""Judges compared: means and spread over replicates, and Krippendorff's alpha."""

import math
import random
from collections.abc import Iterable, Sequence
from itertools import combinations, permutations
from statistics import fmean, stdev
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs_index.cohorts.scores import CohortScores, compared_scores

# Published examples: a line per observer, a column per unit, a point where one is
# missing, and alpha for interval data to three places.
PUBLISHED = {
    # K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section D.
    "four observers, twelve units": (
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
        0.849,
    ),
    # Wikipedia, Krippendorff's alpha, "A computational example".
    "three coders, fifteen units": (
        ". . . . . 3 4 1 2 1 1 3 3 . 3",
        "1 . 2 1 3 3 4 3 . . . . . . .",
        ". . 2 1 3 4 4 . 2 1 1 3 3 . 4",
        0.811,
    ),
}

Answer = tuple[str, str, str, float | None]
"""An essay, a template, a model and a score."""


def compared(answers: Iterable[Answer]) -> CohortScores:
    """Return what a cohort of these evaluations has for scores."""
    columns = (
        "member_order, gen_id, parent_gen_id, template_id, llm_model_id, has_parsed, "
        "parsed_text, answer_file, failure, finish_reason, is_truncated"
    )
    with duckdb.connect(config={"threads": 1}) as db:
        kinds = ["bigint"] + ["varchar"] * 4
        kinds += ["boolean", "varchar", "varchar", "varchar", "varchar", "boolean"]
        pairs = zip(columns.split(", "), kinds, strict=True)
        names = ", ".join(f"{name} {kind}" for name, kind in pairs)
        db.execute(f"create temp table answers ({names})")
        rows = [
            (number, f"v{number}", essay, template, model, score is not None,
             None if score is None else f"{score!r}\n", None, None, None, None)
            for number, (essay, template, model, score) in enumerate(answers)
        ]  # fmt: skip
        if rows:
            db.executemany(f"insert into answers values ({'?, ' * 10}?)", rows)
        return compared_scores(db, "here")


def agreement(answers: Iterable[Answer]) -> dict[str, Any]:
    """Return the agreement about the one template of the answers."""
    [row] = compared(answers).agreement
    return row


def table(*observers: Sequence[float | None]) -> list[Answer]:
    return [
        (f"e{unit}", "t", f"m{observer}", value)
        for observer, values in enumerate(observers)
        for unit, value in enumerate(values)
    ]


def naive_alpha(units: Iterable[Sequence[float]]) -> float | None:
    """State alpha for interval data as its definition has it: over all pairs."""
    pairable = [unit for unit in units if len(unit) > 1]
    values = [value for unit in pairable for value in unit]
    expected = sum((a - b) ** 2 for a, b in permutations(values, 2))
    if not expected:
        return None
    observed = sum(
        sum((a - b) ** 2 for a, b in permutations(unit, 2)) / (len(unit) - 1)
        for unit in pairable
    )
    n = len(values)
    return 1 - (observed / n) / (expected / (n * (n - 1)))


# Alpha -------------------------------------------------------------------------------


@pytest.mark.parametrize("example", PUBLISHED)
def test_alpha_is_that_of_published_examples(example: str) -> None:
    *lines, alpha = PUBLISHED[example]
    observers = [
        [None if value == "." else float(value) for value in str(line).split()]
        for line in lines
    ]
    found = agreement(table(*observers))
    assert round(found["alpha"], 3) == alpha
    units = zip(*observers, strict=True)
    given = [[value for value in unit if value is not None] for unit in units]
    assert found["alpha"] == pytest.approx(naive_alpha(given))
    assert found["essays"] == sum(len(unit) > 1 for unit in given)
    assert found["judges"] == len(observers)


scores = st.floats(0, 9).map(lambda score: round(score, 1))
units = st.lists(
    st.lists(st.none() | scores, min_size=4, max_size=4), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(units)
def test_alpha_and_differences_are_those_of_all_pairs(
    units: list[list[float | None]],
) -> None:
    answers = table(*zip(*units, strict=True))
    found = agreement(answers)
    given = [[value for value in unit if value is not None] for unit in units]
    expected = naive_alpha(given)
    if expected is None:
        assert found["alpha"] is None
        assert found["no_alpha"] is not None
    else:
        assert found["alpha"] == pytest.approx(expected, abs=1e-9)
        assert found["no_alpha"] is None
    pairs = [abs(a - b) for unit in given for a, b in combinations(unit, 2)]
    assert found["pairs"] == len(pairs)
    if pairs:
        assert found["mean_absolute_difference"] == pytest.approx(fmean(pairs))
    else:
        assert found["mean_absolute_difference"] is None


@pytest.mark.parametrize(
    ("observers", "reason"),
    [
        ([[None, None], [None, None]], "no_score"),
        ([[1.0, 2.0]], "one_judge"),
        ([[1.0, 2.0], [None, None]], "one_judge"),
        ([[1.0, None], [None, 2.0]], "no_essay_in_common"),
        ([[0.1, 0.1], [0.1, 0.1], [0.1, None]], "no_variation"),
    ],
)
def test_it_is_said_why_there_is_no_alpha(
    observers: list[list[float | None]], reason: str
) -> None:
    found = agreement(table(*observers))
    assert (found["alpha"], found["no_alpha"]) == (None, reason)
    assert (found["mean_absolute_difference"] is None) == (reason != "no_variation")


def test_judges_that_agree_have_exactly_one() -> None:
    values = [0.1, 0.7, 1e-9, 8.3]
    assert agreement(table(values, values, values))["alpha"] == 1


def test_a_judge_has_the_mean_of_its_replicates() -> None:
    """Ten replicates of one judge do not outweigh the one of another."""
    answers: list[Answer] = [("e1", "t", "a", 4.0), ("e2", "t", "a", 6.0)]
    answers += [("e1", "t", "b", 1.0), ("e1", "t", "b", 3.0), ("e1", "t", "b", None)]
    answers += [("e2", "t", "b", 8.0)] * 10
    found = agreement(answers)
    assert found["alpha"] == pytest.approx(naive_alpha([[4, 2], [6, 8]]))
    assert found["mean_absolute_difference"] == 2


def test_each_template_is_on_its_own() -> None:
    answers = [
        (essay, template, model, score)
        for template, rows in {"t": [(1, 1), (9, 9)], "u": [(1, 9), (9, 1)]}.items()
        for essay, scores in zip("ab", rows, strict=True)
        for model, score in zip("mn", map(float, scores), strict=True)
    ]
    found = {row["evaluation_template"]: row for row in compared(answers).agreement}
    assert list(found) == ["t", "u"]
    assert found["t"]["alpha"] == 1
    assert found["u"]["alpha"] == pytest.approx(-0.5)


def test_huge_and_tiny_scores_are_no_error() -> None:
    for size in (1e100, -9e99, 1e101, 1e300, 1e-300, 5e-324):
        found = compared(table([size, -size, 1.0], [1.0, size, 2.0]) * 2)
        numbers = [value for row in found.agreement + found.table for value in
                   row.values() if isinstance(value, float)]  # fmt: skip
        assert all(map(math.isfinite, numbers))


# The table ---------------------------------------------------------------------------


def test_the_table_has_mean_spread_and_rank() -> None:
    answers: list[Answer] = [
        ("e1", "t", "b", 2.0), ("e1", "t", "b", 5.0), ("e1", "t", "b", None),
        ("e1", "t", "a", 3.0), ("e2", "t", "b", 7.0), ("e2", "t", "a", None),
        ("e3", "t", "a", None),
    ]  # fmt: skip
    names = ("parent_gen_id", "evaluation_llm_model", "n", "mean", "spread",
             "unscored", "essay_mean", "essay_rank")  # fmt: skip
    found = compared(answers)
    assert [tuple(row[name] for name in names) for row in found.table] == [
        ("e2", "b", 1, 7.0, None, 0, 7.0, 1),
        ("e2", "a", 0, None, None, 1, 7.0, 1),
        ("e1", "b", 2, 3.5, pytest.approx(stdev([2, 5])), 1, 3.25, 2),
        ("e1", "a", 1, 3.0, None, 0, 3.25, 2),
        ("e3", "a", 0, None, None, 1, None, None),
    ]
    assert (found.evaluations, found.scored) == (7, 4)
    assert found.unscored == {"no_answer": 3}


def test_random_scores_are_counted_as_in_plain_python() -> None:
    draw = random.Random(3)
    answers: list[Answer] = [
        (draw.choice("abcdefgh"), draw.choice("tu"), draw.choice("xyz"),
         draw.choice([None, *range(10)]))
        for _ in range(400)
    ]  # fmt: skip
    draw.shuffle(answers)
    found = compared(answers)
    keys = dict.fromkeys(answer[:3] for answer in answers)
    assert len(found.table) == len(keys)
    for row in found.table:
        key = (row["parent_gen_id"], row["evaluation_template"],
               row["evaluation_llm_model"])  # fmt: skip
        values = [score for *of, score in answers if tuple(of) == key]
        given = [score for score in values if score is not None]
        assert (row["n"], row["unscored"]) == (len(given), len(values) - len(given))
        assert row["mean"] == (pytest.approx(fmean(given)) if given else None)
        spread = pytest.approx(stdev(given)) if len(given) > 1 else None
        assert row["spread"] == spread
