"""The page of a cohort: what its charts and tables say, and that they do no harm."""

import re
import shlex
from collections.abc import Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import pytest
from building import good, script, snapshot, write
from chromium import visit
from cohort_oracle import COLUMNS
from cohort_roots import campaign_root, cohort, generation
from cohort_roots import tables as tables_of
from pages import (
    PLANTED,
    SHOWN,
    TAGS,
    Element,
    check_structure,
    contrast,
    read_page,
    tables,
)
from playwright.sync_api import Browser
from scoring import command, judged

from docs_index.apps.web.cohort_page import write_cohort_page
from docs_index.apps.web.dot_plot import dot_plot
from docs_index.apps.web.report import write_report
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.scores import CohortScores, cohort_scores
from docs_index.cohorts.survey import surveyed
from docs_index.layout import open_cohort_layout, open_layout

COHORT_PAGE = "7_reporting/documents_report_cohort_here.html"


def written(root: Path) -> tuple[CohortScores, str]:
    """Return the scores of a root's cohort, and its page."""
    layout = open_cohort_layout(root)
    scores = cohort_scores(layout, "here")
    path = root.parent / "page.html"
    write_cohort_page(layout, scores, path)
    return scores, path.read_text(encoding="utf-8")


def made(root: Path) -> str:
    """Return the documents report, which writes the pages of cohorts too."""
    layout = open_layout(root)
    write_report(layout, layout.page)
    return layout.page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[CohortScores, str]:
    return written(judged(tmp_path_factory.mktemp("page") / "root"))


def plots(page: Element) -> list[Element]:
    return [each for each in page.all("svg") if each.attributes.get("role") == "img"]


def test_every_mean_has_a_mark_where_it_should_be(
    found: tuple[CohortScores, str],
) -> None:
    scores, html = found
    page = read_page(html)
    by_template = [row["evaluation_template"] for row in scores.agreement]
    assert len(plots(page)) == len(by_template) == 2
    for template, plot in zip(by_template, plots(page), strict=True):
        means = {
            (row["parent_gen_id"], row["evaluation_llm_model"]): row["mean"]
            for row in scores.table
            if row["evaluation_template"] == template and row["n"]
        }
        marks = [each for each in plot.all("g") if each.all("title")]
        assert len(marks) == len(means)
        at: dict[float, set[float]] = {}
        for mark in marks:
            essay, rest = mark.all("title")[0].text.split(", ", 1)
            model, said = rest.split(": ", 1)
            model = model.replace("\\u202e", "\u202e")
            mean = means.pop((essay, model))
            assert said.startswith(f"{mean:.2f}")
            at.setdefault(mean, set()).add(place(mark))
        assert not means
        ordered = sorted(at.items())
        assert all(max(a) < min(b) for (_, a), (_, b) in pairwise(ordered))
        assert all(max(places) - min(places) <= 0.2 for places in at.values())


def place(mark: Element) -> float:
    """Return the middle of a mark, as it is drawn."""
    [shape] = mark.all("circle", "rect", "path")
    if shape.tag == "circle":
        return float(shape.attributes["cx"])
    if shape.tag == "rect":
        return float(shape.attributes["x"]) + 4
    [start] = re.findall(r"^M([\d.]+) ", shape.attributes["d"])
    return float(start)


def test_the_numbers_are_in_tables(found: tuple[CohortScores, str]) -> None:
    scores, html = found
    page = read_page(html)
    tiles = [each.text for each in page.all("dd")]
    for row in scores.agreement:
        assert f"{row['alpha']:.2f}" in tiles
        assert f"{row['mean_absolute_difference']:.2f}" in tiles
    rows = [
        {**row} for table in page.all("table") for row in tables(table_in(table))["t"]
    ]
    shown = {row["Essay"] for row in rows if "Essay" in row}
    assert shown == {row["parent_gen_id"] for row in scores.table}
    means = {f"{row['mean']:.2f}" for row in scores.judges if row["mean"] is not None}
    assert means == {row["mean"] for row in rows if "Judge" in row}
    assert "Without a score:" in page.text


def test_the_top_says_root_and_version(found: tuple[CohortScores, str]) -> None:
    page = read_page(found[1])
    [facts] = [
        each for each in page.all("dl") if each.attributes.get("class") == "about"
    ]
    root, members, program = (each.text for each in facts.all("dd"))
    [command] = page.all("pre")
    assert shlex.split(command.text) == ["export", f"DATA_ROOT={root}"]
    assert (Path(root) / members).is_file()
    assert program == f"docs-index {version('docs-index')}"


def priced(root: Path) -> Path:
    """Write a cohort of five evaluations: two answers with a price, and one without."""
    essays = [f"e{number}" for number in range(5)]
    cohort(root, essays)
    tables_of(
        root,
        llm_models=["id,model,price_in,price_out", "sonnet-4,vendor/s,1000,2000"],
    )
    for essay, usage in {
        "e0": {"prompt_tokens": 10, "completion_tokens": 3},
        "e1": {"cost": 0.25, "prompt_tokens": 1, "completion_tokens": 1},
    }.items():
        generation(
            root, "evaluation", f"v_{essay}", raw="SCORE: 7", parsed="7.0\n",
            raw_metadata={"usage": usage},
        )  # fmt: skip
    return root


COSTS = "Costs by model"


def test_the_page_says_how_far_it_is_and_what_it_costs(tmp_path: Path) -> None:
    root = priced(tmp_path / "root")
    found = tables(read_page(written(root)[1]))
    assert [
        (row["State"], row["evaluations"]) for row in found["Evaluations by state"]
    ] == [("done", "2"), ("to run", "3")]
    survey = surveyed(open_campaign(open_cohort_layout(root), "here"))
    plan = survey.plans["sonnet-4"]
    assert plan.cost is not None
    [row] = found[COSTS]
    assert row == {
        "Model": "sonnet-4",
        "answers": "2",
        "prompt tokens": "11",
        "answer tokens": "4",
        "cost of answers": "0.266000",  # 10 x 0.001 + 3 x 0.002, and 0.25
        "calls to make": "3",
        "cost of calls": f"{plan.cost:.6f}",
    }


def test_a_cost_that_nobody_knows_is_not_shown_as_nothing(tmp_path: Path) -> None:
    root = priced(tmp_path / "root")
    tables_of(root, llm_models=["id,model", "sonnet-4,vendor/s"])
    page = read_page(written(root)[1])
    [row] = tables(page)[COSTS]
    assert row["cost of answers"] == "0.250000 without 1"
    assert row["cost of calls"] == "–"  # noqa: RUF001
    assert "no price is known" in page.text


def test_a_complete_cohort_is_not_asked_to_run(tmp_path: Path) -> None:
    root = priced(tmp_path / "root")
    unfinished = read_page(written(root)[1])
    assert "docs-index cohort run --cohort here" in unfinished.text
    for number in range(5):
        generation(root, "evaluation", f"v_e{number}", raw="7", parsed="7.0\n")
    page = read_page(written(root)[1])
    assert "the cohort is complete" in page.text
    assert "cohort run" not in page.text


def test_a_cohort_without_its_tables_says_why_nobody_knows(tmp_path: Path) -> None:
    root = judged(tmp_path / "root")
    (root / "1_raw/llm_models.csv").unlink()
    page = read_page(written(root)[1])
    assert "progress and costs are not known" in page.text
    assert "llm_models.csv" in page.text
    assert COSTS not in tables(page)
    assert len(plots(page)) == 2


def table_in(table: Element) -> Element:
    """Return a page of one table, under a caption of its own: others share it."""
    [caption] = table.all("caption")
    caption.children[:] = ["t"]
    return Element("", {}, [table])


def test_judges_differ_in_shape_and_colour() -> None:
    models = [f"m{number}" for number in range(36)]
    cells = {name: {"mean": 1.0, "n": 1, "spread": None} for name in models}
    plot = dot_plot({"e": {"cells": cells, "essay_mean": 1.0}}, models)
    assert plot is not None
    looks = {(judge.colour, judge.shape) for judge in plot.judges}
    assert len(looks) == 36
    assert len({judge.shape for judge in plot.judges[:6]}) == 6
    assert len({judge.colour for judge in plot.judges[:6]}) == 6


@pytest.mark.parametrize(
    "means",
    [(0.0,), (5.0, 5.0), (1e-9, 2e-9), (-3.0, 7.5), (1e99, -1e99), (0.1, 0.3), (9.0,)],
)
def test_marks_are_within_the_scale(means: Sequence[float]) -> None:
    essays = {
        f"e{number}": {
            "cells": {"m": {"mean": mean, "n": 1, "spread": None}}, "essay_mean": mean
        }
        for number, mean in enumerate(means)
    }  # fmt: skip
    plot = dot_plot(essays, ["m", "another"])
    assert plot is not None
    assert 2 <= len(plot.ticks) <= 12
    assert len({said for _, said in plot.ticks}) == len(plot.ticks)
    for line in plot.lines:
        assert all(plot.left <= dot.x <= plot.right for dot in line.dots)
    assert [judge.name for judge in plot.judges] == ["m"]


def test_the_scale_begins_where_the_longest_label_ends() -> None:
    def left(name: str) -> float:
        cells = {"m": {"mean": 1.0, "n": 1, "spread": None}}
        plot = dot_plot({name: {"cells": cells, "essay_mean": 1.0}}, ["m"])
        assert plot is not None
        return plot.left

    assert 30 < left("e1") < left("an-essay") < left("x" * 28) == left("x" * 99) <= 240


def test_many_essays_are_drawn_in_equal_steps() -> None:
    essays = {
        f"e{number}": {
            "cells": {"m": {"mean": float(number), "n": 1, "spread": None}},
            "essay_mean": float(number),
        }
        for number in range(1000)
    }
    plot = dot_plot(essays, ["m"])
    assert plot is not None
    drawn = [int(line.essay[1:]) for line in plot.lines]
    assert (drawn[0], drawn[-1], len(drawn)) == (0, 999, 60)
    assert {after - before for before, after in pairwise(drawn)} == {16, 17}
    assert dot_plot({}, []) is None


def test_a_cohort_without_scores_has_a_page(tmp_path: Path) -> None:
    root = campaign_root(tmp_path / "root")
    write(root, "cohorts/here/membership.csv",
          ",".join(COLUMNS) + "\nevaluation,v,here,e,c,t,m,1\n")  # fmt: skip
    scores, html = written(root)
    assert scores.agreement[0]["no_alpha"] == "no_score"
    page = read_page(html)
    assert "no evaluation has a score" in page.text
    assert plots(page) == []


# The source of the page --------------------------------------------------------------


def planted(root: Path) -> Path:
    """Make a model's name an attack on the page."""
    path = judged(root) / "cohorts/here/membership.csv"
    text = path.read_text(encoding="utf-8")
    name = PLANTED.replace('"', '""')
    path.write_text(text.replace(",m3,", f',"{name}",'), encoding="utf-8")
    return root


@pytest.mark.parametrize("is_hostile", [False, True])
def test_nothing_is_asked_for_and_nothing_obeyed(
    is_hostile: bool, tmp_path: Path
) -> None:
    make = planted if is_hostile else judged
    _, html = written(make(tmp_path / "root"))
    page = read_page(html)
    [policy] = [
        each.attributes["content"]
        for each in page.all("meta")
        if "http-equiv" in each.attributes
    ]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    for element in page.all():
        assert element.tag in TAGS | {"g", "circle"}
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "style", "xlink:href", "action")
            assert name != "href" or value.startswith("#")
    assert not re.search(r"https?:|//|url\(|@import", html)
    assert "\u202e" not in html
    assert (page.text.count(SHOWN) > 10) == is_hostile
    assert PLANTED not in html


def test_headings_tables_and_drawings_have_words(
    found: tuple[CohortScores, str],
) -> None:
    page = read_page(found[1])
    check_structure(page)
    for plot in plots(page):
        assert plot.all("title")[0].text
        assert plot.all("desc")[0].text
        assert "mean score of a judge" in plot.text


def test_colours_of_judges_can_be_told_from_the_ground(
    found: tuple[CohortScores, str],
) -> None:
    [style] = read_page(found[1]).all("style")
    themes = re.findall(r":root \{(.*?)\}", style.text)
    grounds = [re.findall(r"--ground: (#\w{6})", each) for each in themes]
    judges = [re.findall(r"--judge-\d: (#\w{6})", each) for each in themes]
    for ground, colours in zip(
        [each[0] for each in grounds if each], filter(None, judges), strict=True
    ):
        assert len(set(colours)) == 6
        assert all(contrast(colour, ground) >= 3 for colour in colours)


# With the report ---------------------------------------------------------------------


def test_the_report_links_to_a_page_for_each_cohort(ran: Path) -> None:
    assert "Cohorts" not in read_page(made(ran)).text
    judged(ran)
    write(ran, "cohorts/broken/membership.csv", "stage\n")
    write(ran, "cohorts/unbuilt/notes.txt", "later")
    page = read_page(made(ran))
    [rows] = [
        rows for name, rows in tables(page).items() if name.startswith("Agreement")
    ]
    assert [(row["Cohort"], row["Template"]) for row in rows] == [
        ("here", "novelty"), ("here", "depth")
    ]  # fmt: skip
    links = {each.attributes["href"] for each in page.all("a")}
    assert Path(COHORT_PAGE).name in links
    assert "has no page: " in page.text
    assert (ran / COHORT_PAGE).is_file()
    assert not list((ran / "7_reporting").glob("*broken*"))
    before = snapshot(ran)
    assert good(script(ran, "report_docs.py")).stdout.startswith("nothing new")
    assert snapshot(ran) == before
    write(ran, "gens/evaluation/v_e0_novelty_0_1/parsed.txt", "0.5\n")
    assert not good(script(ran, "report_docs.py")).stdout.startswith("nothing new")


def test_the_report_has_costs_and_judges_of_each_cohort(ran: Path) -> None:
    priced(ran)
    page = read_page(made(ran))
    found = tables(page)
    [cost] = found["Costs by cohort and model"]
    assert (cost["Cohort"], cost["cost of answers"]) == ("here", "0.266000")
    [judge] = next(
        rows for name, rows in found.items() if name.startswith("Judges by cohort")
    )
    assert (judge["Judge"], judge["scores"], judge["mean"]) == ("sonnet-4", "2", "7.00")
    [far] = found["How far the cohorts are"]
    assert (far["evaluations"], far["done"]) == ("5", "2")
    assert far["Next"] == "docs-index cohort status here"


def test_a_cohort_outside_of_the_root_is_not_read(ran: Path, tmp_path: Path) -> None:
    judged(ran)
    outside = tmp_path / "outside"
    (ran / "cohorts/here").rename(outside)
    (ran / "cohorts/here").symlink_to(outside)
    page = read_page(made(ran))
    assert "leads out of the data root" in page.text
    assert not (ran / COHORT_PAGE).exists()


def test_a_page_alone_needs_no_index(tmp_path: Path) -> None:
    root = judged(tmp_path / "root")
    output = tmp_path / "here.html"
    good(command(root, "cohort_scores", "here", "--page", str(output)))
    page = read_page(output.read_text(encoding="utf-8"))
    assert len(plots(page)) == len(plots(read_page(written(root)[1]))) == 2
    process = command(root, "cohort_scores", "here", "--page", str(output))
    assert (process.returncode, "pass --replace" in process.stderr) == (2, True)
    assert not (root / "7_reporting").exists()


@pytest.mark.slow
@pytest.mark.parametrize("is_hostile", [False, True])
def test_in_a_browser_it_complains_of_nothing_and_fits(
    is_hostile: bool, chromium: Browser, tmp_path: Path
) -> None:
    written((planted if is_hostile else judged)(tmp_path / "root"))
    url = (tmp_path / "page.html").as_uri()
    shots = {}
    for scheme in ("light", "dark"):
        visited = visit(chromium, url, color_scheme=scheme)
        shots[scheme] = visited.page.screenshot()
        assert visited.requests == [url]
        assert visited.complaints == []
        visited.page.context.close()
    assert shots["light"] != shots["dark"]
    too_wide = "document.documentElement.scrollWidth - innerWidth"
    visited = visit(chromium, url, viewport={"width": 390, "height": 800})
    assert visited.page.evaluate(too_wide) <= 0
    visited.page.set_viewport_size({"width": 680, "height": 1000})  # A4 less margins
    visited.page.emulate_media(media="print")
    assert visited.page.evaluate(too_wide) <= 0
    visited.page.context.close()
