"""scripts/report_docs.py: one page that says what the index holds, and asks nothing."""

import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from building import (
    REPOSITORY,
    Process,
    Run,
    copied,
    good,
    index,
    materialize,
    query,
    read_csv,
    script,
    snapshot,
)
from chromium import visit
from pages import (
    PLANTED,
    SHOWN,
    TAGS,
    Element,
    add_history,
    change,
    check_structure,
    contrast,
    plant,
    read_page,
    tables,
)
from playwright.sync_api import Browser

from docs_index.apps.web.report import write_report
from docs_index.index.database import create_index
from docs_index.index.storage import Storage
from docs_index.layout import open_layout
from docs_index.resources import sql

PAGE = "7_reporting/documents_report.html"
SOURCES = ("draft", "link", "essay", "evaluation")
STAGES = ("draft", "essay", "evaluation")


def run(root: Path, *args: str) -> Process:
    return script(root, "report_docs.py", *args)


def made(root: Path) -> str:
    """Return the page, without starting Python for it."""
    layout = open_layout(root)
    write_report(layout, layout.page)
    return layout.page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sample(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample after its run and its report; only to be read."""
    root = copied(first_run.root, tmp_path_factory.mktemp("report"))
    good(run(root))
    return root


@pytest.fixture(scope="module")
def page(sample: Path) -> Element:
    return read_page((sample / PAGE).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def hostile(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with tags and quotes in every text of the index that may hold any."""
    root = copied(first_run.root, tmp_path_factory.mktemp("hostile_report"))
    plant(root)
    return root


# What it says ------------------------------------------------------------------------


def counted(root: Path, columns: str, where: str = "true") -> dict[Any, int]:
    rows = query(
        root, f"select {columns}, count(*) from documents where {where} group by 1"
    )
    return {key: count for key, count in rows}


def test_the_page_counts_what_was_ingested(sample: Path, page: Element) -> None:
    found = tables(page)
    by_stage = next(rows for name, rows in found.items() if name.startswith("By stage"))
    assert {row["Stage"]: int(row["documents"]) for row in by_stage} == counted(
        sample, "stage"
    )
    assert sum(int(row["rejected rows"]) for row in by_stage) == 8
    for caption, heading, column in (
        ("By month of creation (UTC)", "Month", "substr(created_at, 1, 7)"),
        ("By the model that wrote the text, or judged it", "Model", "model_id"),
    ):
        for stage in STAGES:
            shown = {row[heading]: int(row[stage]) for row in found[caption]}
            expected = counted(sample, column, f"stage = '{stage}'")
            assert {key: count for key, count in shown.items() if count} == expected
    for stage in STAGES:
        shown = {
            row["Template"]: int(row["documents"])
            for row in found[f"Templates of stage {stage}"]
        }
        assert shown == counted(sample, "template_id", f"stage = '{stage}'")


def test_months_without_documents_have_a_row(ran: Path) -> None:
    change(
        ran,
        "update documents set created_at = '2024-11-30T23:00:00.000000Z' "
        "where doc_id = (select min(doc_id) from documents)",
    )
    rows = tables(read_page(made(ran)))["By month of creation (UTC)"]
    assert [row["Month"] for row in rows] == [
        "2024-11", "2024-12", "2025-01", "2025-02", "2025-03"
    ]  # fmt: skip
    assert [row["all"] for row in rows][:3] == ["1", "0", "0"]
    stray = "update documents set created_at = '0001' || substr(created_at, 5) "
    change(ran, f"{stray} where created_at < '2025'")
    rows = tables(read_page(made(ran)))["By month of creation (UTC)"]
    assert [row["Month"] for row in rows] == ["0001-11", "2025-02", "2025-03"]


def test_every_reason_has_its_remedy_and_its_rows(sample: Path, page: Element) -> None:
    found = tables(page)
    reasons = next(rows for name, rows in found.items() if name.startswith("Reasons."))
    remedies = {
        row["reason"]: " ".join(row["remedy"].replace("`", " ").split())
        for row in read_csv(REPOSITORY / "seeds" / "reasons.csv")
        if row["reason"] in {reason["Reason"] for reason in reasons}
    }
    held = query(sample, "select distinct reason from bad_generations")
    assert [row["Reason"] for row in reasons] == [
        reason for reason in remedies if (reason,) in held
    ]
    shown = {row["Reason"]: row["What is wrong, and what to do"] for row in reasons}
    assert {reason: spaced(text) for reason, text in shown.items()} == {
        reason: spaced(text) for reason, text in remedies.items()
    }
    for row in reasons:
        for source in SOURCES:
            (expected,) = query(
                sample,
                "select count(*) from bad_generations "
                "where reason = ? and source_csv = ?",
                row["Reason"],
                source,
            )
            assert int(row[source]) == expected[0]
    rows = {(row["Row"], row["Detail"]) for row in found["Rejected rows, by reason"]}
    assert rows == {
        (f"{source}:{row_index}", " ".join(detail.split()))
        for source, row_index, detail in query(
            sample, "select source_csv, row_index, detail from bad_generations"
        )
    }


def spaced(text: str) -> str:
    """Return a text without the blanks that elements bring before full stops."""
    return re.sub(r" (?=[.,;:])", "", text)


def test_remedies_say_alone_what_is_wrong_and_name_no_file_of_a_checkout() -> None:
    for row in read_csv(REPOSITORY / "seeds" / "reasons.csv"):
        assert row["remedy"].count(". ") >= 1, row["reason"]
        assert not re.search(r"docs/|scripts/|dbt", row["description"] + row["remedy"])
        named = re.findall(r"`docs-index (\w+)`", row["remedy"])
        assert set(named) <= {"run", "repairs"}
        assert named or "Nothing is to be done." in row["remedy"]


def test_gaps_are_pairs_without_a_document_that_parsed(
    sample: Path, page: Element
) -> None:
    for stage in STAGES:
        of_stage = f"from documents where stage = '{stage}'"
        pairs = f"select distinct template_id, model_id {of_stage}"
        there = set(query(sample, pairs))
        have = set(query(sample, f"{pairs} and status = 'ok'"))
        tried = set(
            query(
                sample,
                "select template_id, model_id from bad_generations "
                "where template_id is not null and model_id is not null and "
                "case source_csv when 'link' then 'draft' else source_csv end = ?",
                stage,
            )
        )
        known = there | tried
        gaps = {
            (template, model)
            for template in {template for template, _ in known}
            for model in {model for _, model in known}
        } - have
        captions = [
            name for name in tables(page) if name.startswith(f"Stage {stage}, gaps")
        ]
        assert [name.split(": ")[1].split()[0] for name in captions] == [f"{len(gaps)}"]
        shown = {
            (row["Template"], model.split()[0])
            for row in tables(page)[captions[0]]
            for model in row["No document of"].split(", ")
            if row["No document of"] != "no gap"
        }
        assert shown == gaps
    assert "Stage draft, gaps: 1 of 8 pairs" in tables(page)


def test_gaps_tell_what_came_to_nothing(ran: Path) -> None:
    change(
        ran,
        "update documents set status = 'parse_error', parsed_chars = null "
        "where stage = 'essay'",
    )
    found = tables(read_page(made(ran)))
    (gaps,) = [rows for name, rows in found.items() if name.startswith("Stage essay,")]
    shown = {row["Template"]: row["No document of"].split(", ") for row in gaps}
    pairs = query(
        ran,
        "select template_id, model_id, count(*) from documents "
        "where stage = 'essay' group by template_id, model_id",
    )
    for template, model, count in pairs:
        told = f"{model} ({count} not parsed"
        assert any(each.startswith(told) for each in shown[template])


def test_links_are_drafts_among_the_gaps(ran: Path) -> None:
    change(
        ran,
        "update bad_generations set template_id = 'bridge-v0', model_id = 'unheard-of' "
        "where source_csv = 'link'",
    )
    found = tables(read_page(made(ran)))
    (gaps,) = [rows for name, rows in found.items() if name.startswith("Stage draft,")]
    nothing_of = {row["Template"]: row["No document of"] for row in gaps}
    assert "unheard-of (2 rejected)" in nothing_of["bridge-v0"]
    assert nothing_of["noticing-v1"] == "unheard-of"


def test_parse_errors_are_listed(sample: Path, page: Element) -> None:
    found = tables(page)["The documents without a parsed text"]
    assert [row["Task"] for row in found] == [
        task
        for (task,) in query(
            sample, "select task_id from documents where status = 'parse_error'"
        )
    ]


def test_scores_are_those_of_the_index(ran: Path) -> None:
    """No parsed.txt is read for them, so that the page of a large index is quick."""
    for (doc_dir,) in query(ran, "select doc_dir from documents"):
        (ran / "docs" / doc_dir / "parsed.txt").unlink(missing_ok=True)
    scored = "from documents where score is not null"
    [(count, total)] = query(ran, f"select count(*), sum(score) {scored}")
    assert count > 5
    assert shown_scores(made(ran)) == (count, total)
    change(ran, "update documents set score = 7.25 where score is not null")
    assert shown_scores(made(ran)) == (count, 7.25 * count)


def test_of_many_texts_those_with_the_highest_means_are_shown() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("create table documents (doc_id, stage, template_id, model_id)")
        db.execute("create table document_links (doc_id, role, linked_doc_id)")
        db.execute("create table scores (doc_id, template_id, model_id, score, scale)")
        for number in range(25):
            db.execute("insert into documents values (?, 'essay', ?, 'm')",
                       [f"e{number:02}", f"t{number:02}"])  # fmt: skip
            db.execute("insert into document_links values (?, 'target', ?)",
                       [f"v{number:02}", f"e{number:02}"])  # fmt: skip
            db.execute("insert into scores values (?, 'v', 'j', ?, 9)",
                       [f"v{number:02}", number / 3])  # fmt: skip
        names = [row[3] for row in db.execute(sql("apps/web/report_scores.sql"))]
    assert names == [f"t{number:02}" for number in range(24, 14, -1)]


def shown_scores(page: str) -> tuple[int, Any]:
    """Return how many scores a page shows, and about their sum."""
    found = tables(read_page(page))
    classes = found["Evaluations by score, without its decimals"][0]
    count = sum(int(number) for whole, number in classes.items() if whole.isdigit())
    rows = [
        row for name in found if name.startswith("Scores of") for row in found[name]
    ]
    assert sum(int(row["scores"]) for row in rows) == count
    judges = found["What each judge gives, by evaluation template"]
    assert sum(int(row["scores"]) for row in judges) == count
    total = sum(int(row["scores"]) * float(row["mean"]) for row in rows)
    return count, pytest.approx(total, abs=0.1)


def test_the_essay_that_most_hangs_on_is_drawn_and_told(ran: Path) -> None:
    change(
        ran,
        "update documents set created_at = '2030' || substr(created_at, 5) "
        "where stage = 'essay' and doc_id in (select parent_doc_id from documents "
        "where stage = 'evaluation' group by 1 having count(*) = 1)",
    )
    page = read_page(made(ran))
    (drawing,) = [
        each for each in page.all("svg") if each.attributes.get("class") == "tree"
    ]
    boxes = [
        text.text.split(",")[0]
        for text in drawing.all("text")
        if "strong" in str(text.attributes)
    ]
    told = [each.all("strong")[0].text for each in page.all("li") if each.all("strong")]
    assert boxes == told
    assert boxes[:2] == ["draft", "essay"]
    assert set(boxes[2:]) == {"evaluation"}
    (most,) = query(
        ran,
        "select count(*) from documents as evaluations "
        "inner join documents as essays on essays.doc_id = evaluations.parent_doc_id "
        "where essays.stage = 'essay' group by essays.doc_id order by 1 desc limit 1",
    )
    assert (len(boxes[2:]),) == most
    assert len(drawing.all("path")) == len(boxes) - 1


# Histories of other tools -------------------------------------------------------------


@pytest.fixture(scope="module")
def with_history(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, with a conversation and its judgement beside its documents."""
    root = copied(first_run.root, tmp_path_factory.mktemp("history"))
    add_history(root)
    return root


def captioned(page: Element, begun: str) -> list[dict[str, str]]:
    """Return the rows of the table whose caption begins so."""
    (rows,) = [rows for name, rows in tables(page).items() if name.startswith(begun)]
    return rows


def test_stages_of_histories_are_counted_beside_those_of_tables(
    with_history: Path,
) -> None:
    page = read_page(made(with_history))
    shown = {row["Stage"]: row for row in captioned(page, "By stage")}
    assert list(shown) == [*STAGES, "generation", "judgement"]
    assert {name: int(row["documents"]) for name, row in shown.items()} == counted(
        with_history, "stage"
    )
    assert shown["generation"]["rejected rows"] == "1"
    assert sum(int(row["rejected rows"]) for row in shown.values()) == 9
    months = captioned(page, "By month of creation")
    assert months[-1]["Month"] == "no time given"
    assert (months[-1]["generation"], months[-1]["judgement"]) == ("40", "1")
    assert (months[-1]["draft"], months[-1]["all"]) == ("0", "41")
    assert about(page)["Period"].endswith("UTC; 41 documents without a time")
    sources = {row["Source"]: row for row in captioned(page, "By source")}
    assert list(sources) == ["draft", "essay", "evaluation", "link", "chats", "grades"]
    assert sources["chats"] == {
        "Source": "chats", "files": "1", "documents": "40", "without a time": "40",
        "with a score": "0", "rejected rows": "1",
    }  # fmt: skip
    (reason,) = [row for row in captioned(page, "Reasons.") if row["histories"] != "0"]
    assert (reason["Reason"], reason["histories"]) == ("no_text", "1")


def test_scores_of_histories_have_their_own_scale_and_all_that_they_judge(
    with_history: Path, tmp_path: Path
) -> None:
    root = copied(with_history, tmp_path)
    page = read_page(made(root))
    judges = captioned(page, "What each judge gives")
    (judge,) = [row for row in judges if row["Judge"] == "code:match"]
    assert (judge["Template"], judge["mean"]) == ("rubric", "0.25")
    (judged,) = captioned(page, "Scores of rubric")
    assert (judged["Judged"], judged["scores"]) == ("generation", "2")
    text = page.text
    assert "A judgement of several texts counts once for each of them" in text
    assert "On another scale" not in text
    of_tables = captioned(page, "Evaluations by score on a scale from 0 to 9")[0]
    assert captioned(page, "Evaluations by score on a scale from 0 to 1")[0] == {
        "Score": "evaluations"
    } | {f"{tenth / 10}": "0" for tenth in range(11)} | {"0.2": "1"}
    change(root, "update documents set score = 1040 where stage = 'judgement'")
    page = read_page(made(root))
    assert (
        captioned(page, "Evaluations by score on a scale from 0 to 9")[0] == of_tables
    )
    assert (
        "On another scale, and therefore only in the tables below: rubric." in page.text
    )
    widths = [
        float(rect.attributes["width"])
        for bar in page.all("svg")
        if bar.attributes.get("class") == "bar"
        for rect in bar.all("rect")
    ]
    assert max(widths) == 100


def test_histories_alone_have_a_page(with_history: Path, tmp_path: Path) -> None:
    root = copied(with_history, tmp_path)
    of_tables = "select doc_id from documents where stage in ('draft', 'essay', "
    of_tables += "'evaluation')"
    change(
        root,
        f"delete from document_links where doc_id in ({of_tables})",
        "delete from bad_generations where source_csv != 'chats'",
        f"delete from documents where doc_id in ({of_tables})",
    )
    page = read_page(made(root))
    check_structure(page)
    assert [row["Stage"] for row in captioned(page, "By stage")] == [
        "generation", "judgement"
    ]  # fmt: skip
    assert about(page)["Period"] == "no document has a time"
    assert "legacy" not in page.text
    assert [row["Month"] for row in captioned(page, "By month")] == ["no time given"]
    assert "What came before the first one here is left out." in page.text


# Nothing yet --------------------------------------------------------------------------


def test_an_index_without_documents_has_a_page(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    create_index(index(tmp_path), Storage())
    page = read_page(made(tmp_path))
    assert "0 documents" in page.text
    assert "No row was rejected" in page.text
    assert "no document yet" in page.text


# Where it is from, and what to do next -----------------------------------------------


def about(page: Element) -> dict[str, str]:
    """Return what the top of a page says of it."""
    [facts] = [
        each for each in page.all("dl") if each.attributes.get("class") == "about"
    ]
    names, values = facts.all("dt"), facts.all("dd")
    return {name.text: value.text for name, value in zip(names, values, strict=True)}


def test_the_top_says_root_runs_period_and_version(sample: Path, page: Element) -> None:
    [(first, last)] = query(
        sample, "select min(created_at), max(created_at) from documents"
    )
    day, minute = slice(0, 10), slice(11, 16)
    assert about(page) == {
        "Data root": str(sample),
        "run_id": "backfill",
        "Period": f"{first[day]} {first[minute]} to {last[day]} {last[minute]} UTC",
        "Made by": f"docs-index {version('docs-index')}",
    }
    [header] = page.all("header")
    assert "32 documents" in header.text


def test_every_run_id_is_named_or_linked(ran: Path) -> None:
    change(
        ran,
        "update documents set run_id = 'run-' || (rowid % 7)",
    )
    page = read_page(made(ran))
    named = about(page)["run_id"]
    assert named.startswith("backfill , run-0 , run-1")
    assert named.endswith("and 3 more: all of them")
    assert "By run_id" in "".join(tables(page))


def test_the_data_root_is_escaped_and_quoted(ran: Path, tmp_path: Path) -> None:
    root = tmp_path / "it's <b>&amp; a root"
    ran.rename(root)
    html = made(root)
    assert "<b>" not in html
    page = read_page(html)
    assert about(page)["Data root"] == str(root)
    [command] = page.all("pre")
    assert shlex.split(command.text) == ["export", f"DATA_ROOT={root}"]


def commands(page: Element) -> set[str]:
    return {
        each.text for each in page.all("code") if each.text.startswith("docs-index ")
    }


def test_the_commands_that_it_names_are_there(page: Element) -> None:
    found = {command.split()[1] for command in commands(page)}
    assert found == {
        "browse", "cat", "gaps", "lineage", "repairs", "report", "run", "search",
        "show", "verify", "why",
    }  # fmt: skip
    listed = {row["Command"] for row in tables(page)["Commands"]}
    assert {"docs-index repairs", "docs-index gaps", "docs-index verify"} <= listed


def test_example_commands_name_what_is_in_the_index(
    sample: Path, page: Element
) -> None:
    named = {command.split()[1]: command.split()[-1] for command in commands(page)}
    doc_ids = {doc_id for (doc_id,) in query(sample, "select doc_id from documents")}
    assert {named[name] for name in ("show", "cat", "lineage")} <= doc_ids
    source, row_index = named["why"].split(":")
    assert query(
        sample,
        "select 1 from bad_generations where source_csv = ? and row_index = ?",
        source,
        int(row_index),
    )


def test_without_faults_nothing_asks_to_mend_them(ran: Path) -> None:
    change(
        ran,
        "delete from bad_generations",
        "update documents set status = 'ok', parsed_chars = 1, "
        "template_id = 't', model_id = 'm'",
    )
    page = read_page(made(ran))
    found = {command.split()[1] for command in commands(page)}
    assert not found & {"repairs", "why", "gaps", "cat"}
    assert not {"Conflicts", "Notices", "Cohorts"} & {
        each.text for each in page.all("h2")
    }


def test_no_page_names_a_script_or_a_file_of_the_checkout(
    sample: Path, hostile: Path
) -> None:
    for root in (sample, hostile):
        page = read_page(made(root))
        assert not re.search(r"scripts/|\.py\b|docs/\w+\.md|dbt", page.text)


def test_kinds_of_conflicts_and_notices_say_what_to_do(ran: Path) -> None:
    kinds = {
        table: re.findall(r"'(\w+)'", listed)
        for table, listed in re.findall(
            r"create table backfill_(\w+) \(\s+kind text not null check \("
            r"\s+kind in \((.*?)\)",
            sql("index/schema.sql"),
        )
    }
    assert [len(found) for found in kinds.values()] == [3, 4]
    ids = [doc_id for (doc_id,) in query(ran, "select doc_id from documents")]
    change(
        ran,
        *(
            f"insert into backfill_conflicts values ('{kind}', 'r', 'k', '{name}', 'd')"
            for kind, name in zip(kinds["conflicts"], ids, strict=False)
        ),
        *(
            f"insert into backfill_notices values ('{kind}', 'r', 'draft', 'k', "
            f"'{ids[0]}', 'd')"
            for kind in kinds["notices"]
        ),
    )
    page = read_page(made(ran))
    for name, expected in kinds.items():
        rows = tables(page)[f"Kinds of {name}"]
        assert [row["Kind"] for row in rows] == expected
        for row in rows:
            assert len(row["What it means, and what to do"].split(". ")) >= 2
            assert row["documents"] == "1"


# What it does not do -----------------------------------------------------------------


def test_a_second_run_writes_nothing(sample: Path) -> None:
    before = snapshot(sample)
    process = good(run(sample))
    assert process.stdout.startswith("nothing new")
    assert snapshot(sample) == before


def test_the_page_is_the_same_wherever_the_root_is_but_for_its_name(
    sample: Path, tmp_path: Path
) -> None:
    output = tmp_path / "elsewhere.html"
    root = copied(sample, tmp_path)
    (root / PAGE).unlink()
    good(run(root, "--output", str(output)))
    here = output.read_text(encoding="utf-8")
    there = (sample / PAGE).read_text(encoding="utf-8")
    assert here.count(str(root)) == 2
    assert here.replace(str(root), str(sample)) == there
    assert not (root / PAGE).exists()


def test_materializing_and_verifying_do_not_mind_the_page(ran: Path) -> None:
    made(ran)
    before = snapshot(ran)
    process = good(materialize(ran))
    assert "nothing new: nothing was written" in process.stdout
    good(script(ran, "verify_docs.py", "--read-data", "all"))
    assert snapshot(ran) == before


def test_without_an_index_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "7_cross_experiment").mkdir()
    process = run(tmp_path)
    assert process.returncode == 2
    assert "run `docs-index run`" in process.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["7_cross_experiment"]


def test_a_damaged_index_is_an_error_of_one_line(ran: Path) -> None:
    with index(ran).open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 40_000)
    process = run(ran)
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert "docs-index verify" in process.stderr


def test_a_page_that_cannot_be_a_file_is_refused(ran: Path) -> None:
    for output in (ran, ran / "nowhere/page.html"):
        process = run(ran, "--output", str(output))
        assert process.returncode == 2
        assert f"{output} cannot be a file: name another one" in process.stderr


def test_folders_may_be_links_within_the_data_root(ran: Path) -> None:
    for folder in ("db", "7_reporting"):
        (ran / folder).rename(ran / f"{folder}-elsewhere")
        (ran / folder).symlink_to(f"{folder}-elsewhere")
    page = good(run(ran)).stdout.strip()
    assert Path(page).is_file()


def test_a_page_that_leads_out_is_refused(ran: Path) -> None:
    outside = ran.parent / "outside.html"
    outside.write_text("mine")
    (ran / PAGE).symlink_to(outside)
    process = run(ran)
    assert process.returncode == 2
    assert "leads out of the data root" in process.stderr
    assert outside.read_text() == "mine"


# The source of the page ---------------------------------------------------------------


@pytest.mark.parametrize("which", ["sample", "hostile"])
def test_nothing_is_asked_for(which: str, request: pytest.FixtureRequest) -> None:
    html = made(request.getfixturevalue(which))
    page = read_page(html)
    metas = [each.attributes for each in page.all("meta")]
    (policy,) = [each["content"] for each in metas if "http-equiv" in each]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    for element in page.all():
        assert element.tag in TAGS
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "srcset", "style", "xlink:href", "action")
            assert name != "href" or value.startswith("#")
    assert not re.search(r"https?:|//|url\(|@import", html)


def test_whatever_ids_hold_is_shown_and_not_obeyed(hostile: Path) -> None:
    html = made(hostile)
    assert PLANTED not in html
    assert "\u202e" not in html
    page = read_page(html)
    assert page.text.count(SHOWN) > 50
    for column in ("task_id", "template_id", "model_id"):
        (value,) = query(hostile, f"select max({column}) from documents")[0]
        assert value.endswith(PLANTED)
    for caption in (
        f"Scores of curiosity-score-v3{SHOWN}",
        "The documents without a parsed text",
        "Documents in conflict: 1",
        "Documents whose rows have changed: 1",
    ):
        assert any(
            SHOWN in text for row in tables(page)[caption] for text in row.values()
        )


def test_headings_tables_and_drawings_have_words(page: Element) -> None:
    (html,) = page.all("html")
    assert html.attributes["lang"] == "en"
    check_structure(page)
    drawings = [
        each for each in page.all("svg") if each.attributes.get("role") == "img"
    ]
    assert len(drawings) == 4
    for drawing in drawings:
        assert drawing.all("title")[0].text
        assert drawing.all("desc")[0].text
        drawing.children.clear()
    assert all(
        "aria-hidden" in bar.attributes for bar in page.all("svg") if bar.children
    )


def test_colours_can_be_told_from_the_ground(page: Element) -> None:
    (style,) = page.all("style")
    light, dark = re.findall(r":root \{(.*?)\}", style.text)
    for theme in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", theme))
        for ground in ("ground", "raised"):
            for text in ("text", "aside", "link"):
                assert contrast(colours[text], colours[ground]) >= 4.5
        for drawn in (*STAGES, "bad", "more1", "more2", "more3", "more4"):
            assert contrast(colours[drawn], colours["ground"]) >= 3
    assert "@media print" in style.text


# In a browser ------------------------------------------------------------------------


@pytest.fixture(params=["sample", "hostile"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    root: Path = request.getfixturevalue(request.param)
    made(root)
    yield (root / PAGE).as_uri()


@pytest.mark.slow
def test_in_a_browser_it_asks_for_nothing_and_complains_of_nothing(
    chromium: Browser, url: str
) -> None:
    shots = {}
    for scheme in ("light", "dark"):
        visited = visit(chromium, url, color_scheme=scheme)
        shots[scheme] = visited.page.screenshot()
        assert visited.requests == [url]
        assert visited.complaints == []
        visited.page.context.close()
    assert shots["light"] != shots["dark"]


@pytest.mark.slow
def test_in_a_browser_it_fits_a_telephone_and_paper(
    chromium: Browser, url: str
) -> None:
    too_wide = "document.documentElement.scrollWidth - innerWidth"
    visited = visit(chromium, url, viewport={"width": 390, "height": 800})
    assert visited.page.evaluate(too_wide) <= 0
    clipped = "[...document.querySelectorAll('.wide')].filter(one => "
    clipped += "one.scrollWidth > one.clientWidth).map(one => one.ariaLabel)"
    if "hostile" not in url:
        assert visited.page.evaluate(clipped) == []
    visited.page.set_viewport_size({"width": 680, "height": 1000})  # A4 less margins
    visited.page.emulate_media(media="print", color_scheme="dark")
    assert visited.page.evaluate(too_wide) <= 0
    assert visited.page.evaluate(clipped) == []
    whole = "[...document.querySelectorAll('tr, figure, pre, .about')].every("
    whole += "one => getComputedStyle(one).breakInside === 'avoid')"
    assert visited.page.evaluate(whole)
    ground = "getComputedStyle(document.body).backgroundColor"
    assert visited.page.evaluate(ground) == "rgb(255, 255, 255)"
    assert visited.page.pdf(format="A4").startswith(b"%PDF-")
    visited.page.context.close()
