"""scripts/browse_docs.py: pages for this machine alone, whatever the texts hold.

Most tests ask Datasette in this process, `here`; what is a promise of the process asks
the process, `site`.
"""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest
from building import Process, Run, copied, index, query, run_command, snapshot, started
from chromium import visit
from datasette.app import Datasette  # type: ignore[import-untyped]
from pages import (
    PLANTED,
    SHOWN,
    Element,
    add_history,
    change,
    contrast,
    plant,
    read_page,
)
from playwright.sync_api import Browser

from docs_index.apps.web import copies
from docs_index.apps.web.browser import served
from docs_index.apps.web.copies import FollowedIndex
from docs_index.apps.web.search_words import as_query
from docs_index.index.reader import open_documents
from docs_index.index.row import Document
from docs_index.index.snapshot import copy_index
from docs_index.index.texts import DirectoryTexts
from docs_index.index.why import explained
from docs_index.layout import Layout, open_layout
from docs_index.new_document import NewDocument
from docs_index.resources import seed
from docs_index.writer import Writer

SCRIPT = "scripts/browse_docs.py"
MARKDOWN = """# A heading

**Bold** <script>alert(3)</script> <b onclick="alert(4)">b</b>
![a picture](https://outside.example/a.png) <img src="https://outside.example/b.png">
[a link](javascript:alert(5)) <iframe src="https://outside.example/"></iframe>

| a | table |
| - | ----- |
| 1 | zanzibar |
"""
OUTSIDE = "Outside of docs/ stands a xylophone."


class Answering:
    """Pages that answer with a status and a body."""

    def get(self, path: str) -> tuple[int, str]:
        raise NotImplementedError

    def body(self, path: str) -> str:
        """Return the body of a page that is there."""
        status, body = self.get(path)
        assert status == 200, (path, body)
        return body

    def page(self, path: str) -> Element:
        return read_page(self.body(path))

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return the rows that a page is of."""
        name, _, arguments = path.partition("?")
        body = self.body(f"{name}.json?{arguments}&_shape=array")
        rows: list[dict[str, Any]] = json.loads(body)
        return rows


@dataclass(frozen=True)
class Site(Answering):
    """Pages that are being served, and the data root that they are of."""

    root: Path
    url: str
    document: str  # an essay whose parsed.txt is MARKDOWN
    escaping: str  # a document whose files lead out of docs/

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Return the status and the body of a page."""
        try:
            with urlopen(Request(f"{self.url}{path}", headers=headers)) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def page(self, path: str) -> Element:
        body = self.body(path)
        assert PLANTED not in body
        return read_page(body)


@dataclass(frozen=True)
class Here(Answering):
    """Pages that this process makes, of the data root."""

    root: Path
    pages: Datasette

    @property
    def followed(self) -> FollowedIndex:
        found: FollowedIndex = self.pages.get_database("documents")
        return found

    def get(self, path: str) -> tuple[int, str]:
        """Return the status and the body of a page."""
        answer = asyncio.run(self.pages.client.get(f"/{path}"))
        return answer.status_code, answer.text

    def until(self, is_so: Callable[[], bool]) -> None:
        """Ask again until something is so; a page waits for a copy only a moment."""
        end = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.fixture
def here(ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """The sample, whose index is looked at for each request."""
    monkeypatch.setattr(copies, "LOOK_S", 0.0)
    folder = tmp_path / "copies"
    folder.mkdir()
    return Here(ran, served(open_layout(ran), folder))


def add(root: Path, number: int = 1, **changes: str) -> Document:
    """Add a draft as a program does."""
    values = {
        "stage": "draft",
        "task_id": f"added {number}",
        "template_id": "of a program",
        "model_id": "m",
        "timestamp": "2025-06-01 10:00:00",
        "attempt_id": str(number),
        "combo_id": "c",
        "raw": f"A quokka is text {number}.",
    }
    return Writer(root, run_id="added").add(NewDocument(**values | changes))


@pytest.fixture(scope="module")
def site(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The sample with tags in every text, served."""
    root = copied(first_run.root, tmp_path_factory.mktemp("browse"))
    plant(root)
    essays = "select doc_id, doc_dir from documents where stage = 'essay' order by 1"
    (document, doc_dir), (escaping, other_dir), *_ = query(root, essays)
    (root / "docs" / doc_dir / "parsed.txt").write_text(MARKDOWN)
    (root.parent / "outside.txt").write_text(OUTSIDE)
    for path in (root / "docs" / other_dir).glob("*.txt"):
        path.unlink()
        path.symlink_to(root.parent / "outside.txt")
    before = snapshot(root)
    with started(root, SCRIPT, "--port", "0") as process:
        assert process.stdout is not None
        url = re.match(r"(http://[\d.:]+/)", process.stdout.readline())
        if url is None:
            process.kill()
            pytest.fail(process.communicate()[1])
        yield Site(root, url[1], document, escaping)
        process.terminate()
        _, said = process.communicate(timeout=20)
        assert (process.returncode, said) == (0, "reading the documents' texts\n")
    assert snapshot(root) == before


def paths(site: Site) -> list[str]:
    return [
        "",
        "documents",
        "documents/documents",
        "documents/documents?_search=zanzibar",
        f"documents/documents/{site.document}",
        f"documents/documents/{site.escaping}",
        "documents/bad_generations",
        "documents/search",
        "documents/search?words=zanzibar",
        "documents/latest",
        f"documents/lineage?doc_id={site.document}",
        "documents/bad_rows_by_reason",
        "documents/gaps",
    ]


def test_every_page_is_there_and_obeys_nothing(site: Site) -> None:
    for path in paths(site):
        page = site.page(path)
        assert not page.all("script")
        for element in page.all():
            assert not element.attributes.get("href", "").startswith("javascript")
            assert not any(name.startswith("on") for name in element.attributes)
            source = element.attributes.get("src", "/")
            assert source.startswith("/")
            assert element.tag not in ("img", "iframe")


def test_columns_are_described_as_in_the_index(site: Site) -> None:
    described = query(
        site.root,
        "select column_name, description from column_descriptions "
        "where table_name = 'documents' order by position",
    )
    page = site.page("documents/documents")
    assert [
        (name.text, meaning.text)
        for name, meaning in zip(page.all("dt"), page.all("dd"), strict=True)
    ] == [(name, " ".join(description.split())) for name, description in described]


def test_documents_have_facets_and_labels(site: Site) -> None:
    page = site.page("documents/documents")
    facets = {each.attributes.get("data-column") for each in page.all("div")}
    assert facets >= {"stage", "template_id", "model_id", "status"}
    (parent,) = query(
        site.root,
        "select parents.doc_id, parents.task_id from documents "
        "inner join documents as parents on parents.doc_id = documents.parent_doc_id "
        f"where documents.doc_id = '{site.document}'",
    )
    page = site.page(f"documents/documents?doc_id={site.document}")
    links = {link.attributes["href"]: link.text for link in page.all("a")}
    assert links[f"/documents/documents/{parent[0]}"] == parent[1].replace(
        PLANTED, SHOWN
    )


def test_words_are_found_in_texts(site: Site) -> None:
    for path in (
        "documents/documents?_search=zanzibar",
        "documents/search?words=zanzibar",
        "documents/search?words=ZANZIBAR%20table",
    ):
        assert [row["doc_id"] for row in site.rows(path)] == [site.document]
    for nothing in ("", " ", '"', '""', "no-such-word", '" no-such-word *'):
        assert site.rows(f"documents/search?words={quote(nothing)}") == []


def test_a_document_shows_its_texts_and_its_lineage(site: Site) -> None:
    page = site.page(f"documents/documents/{site.document}")
    (text,) = [
        each for each in page.all("div") if each.attributes.get("class") == "text"
    ]
    assert [each.text for each in text.all("h1", "strong", "td")] == [
        "A heading", "Bold", "1", "zanzibar",
    ]  # fmt: skip
    assert "<script>alert(3)</script>" in text.text
    assert {name for each in text.all() for name in each.attributes} <= {"href"}
    written = [each.children[0] for each in page.all("pre")]
    (doc_dir,) = query(
        site.root, f"select doc_dir from documents where doc_id = '{site.document}'"
    )[0]
    raw = (site.root / "docs" / doc_dir / "raw.txt").read_text()
    assert written == [MARKDOWN, raw]
    links = {link.attributes.get("href") for link in page.all("a")}
    family = {
        row["doc_id"] for row in site.rows(f"documents/lineage?doc_id={site.document}")
    }
    assert len(family) >= 3
    assert links >= {
        f"/documents/documents/{each}" for each in family - {site.document}
    }


def test_a_lineage_has_the_parents_and_what_follows(site: Site) -> None:
    rows = site.rows(f"documents/lineage?doc_id={site.document}")
    of_stage = {row["generation"]: row["stage"] for row in rows}
    assert of_stage == {-1: "draft", 0: "essay", 1: "evaluation"}
    links = site.page(f"documents/lineage?doc_id={site.document}").all("a")
    shown = {link.attributes["href"] for link in links}
    assert shown >= {f"/documents/documents/{row['doc_id']}" for row in rows}
    assert site.rows("documents/lineage?doc_id=none") == []


def test_the_latest_are_those_of_the_report(site: Site) -> None:
    report = site.root / "7_reporting" / "documents_latest_report.csv"
    latest = {line.split(",")[2] for line in report.read_text().splitlines()[1:]}
    assert {row["doc_id"] for row in site.rows("documents/latest")} == latest


def test_bad_rows_are_listed_by_reason(site: Site) -> None:
    (reason,) = query(site.root, "select min(reason) from bad_generations")[0]
    found = site.rows(f"documents/bad_rows_by_reason?reason={quote(reason)}")
    assert [row["reason"] for row in found] == [reason]
    assert len(site.rows("documents/bad_rows_by_reason?reason=")) == 8


def test_gaps_have_no_document_that_parsed(site: Site) -> None:
    gaps = site.rows("documents/gaps")
    assert gaps
    for gap in gaps:
        assert not query(
            site.root,
            "select * from documents where status = 'ok' "
            "and (stage, template_id, model_id) = (?, ?, ?)",
            gap["stage"], gap["template_id"], gap["model_id"],
        )  # fmt: skip


def test_nothing_outside_of_docs_is_shown(site: Site) -> None:
    page = site.page(f"documents/documents/{site.escaping}")
    assert OUTSIDE not in page.text
    assert "Its texts are not there. docs-index verify" in page.text
    assert site.rows("documents/search?words=xylophone") == []


def test_only_this_machine_is_answered(site: Site) -> None:
    where = urlsplit(site.url)
    assert where.hostname == "127.0.0.1"
    assert where.port is not None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", where.port), timeout=5)
    assert site.get("documents", Host="localhost:8001")[0] == 200
    for name in (
        "outside.example",
        "outside.example:8001",
        "127.0.0.1.outside.example",
    ):
        assert site.get("documents", Host=name) == (421, "")


def test_pages_may_ask_for_nothing_outside(site: Site) -> None:
    for path in ("", f"documents/documents/{site.document}", "documents.json"):
        with urlopen(f"{site.url}{path}") as response:
            policy = response.headers["content-security-policy"].split("; ")
        assert {"default-src 'self'", "img-src 'self' data:"} <= set(policy)


def test_nothing_can_be_written(site: Site) -> None:
    statement = quote("delete from documents")
    assert site.get(f"documents?sql={statement}")[0] == 400
    assert site.get("documents.db")[0] == 403


def test_a_killed_runs_rows_are_shown(ran: Path) -> None:
    """Rows that are only in the write-ahead log are in the served copy too."""
    code = (
        "import os, sqlite3, sys; index = sqlite3.connect(sys.argv[1]); "
        "index.execute('pragma journal_mode = wal'); "
        "index.execute(\"insert into backfill_counters values ('in_the_log', 7)\"); "
        "index.commit(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(index(ran))], check=False)
    assert Path(f"{index(ran)}-wal").exists()
    with started(ran, SCRIPT, "--port", "0") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split("documents")[0]
        table = "documents/backfill_counters.json?counter=in_the_log&_shape=array"
        with urlopen(f"{url}{table}") as response:
            assert json.load(response)[0]["value"] == 7


def run(root: Path, *args: str, **environment: str) -> Process:
    """Run the script where it cannot serve anything."""
    command = [sys.executable, SCRIPT, "--data-root", str(root), *args]
    return run_command(command, os.environ | environment)


def test_what_cannot_be_served_is_an_error_of_one_line(
    first_run: Run, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = run(first_run.root, "--port", port)
    assert process.returncode == 2
    assert process.stderr.startswith(f"error: port {port} cannot be used")
    (tmp_path / "uvicorn.py").write_text("import no_such_package")
    process = run(first_run.root, PYTHONPATH=str(tmp_path))
    assert process.returncode == 2
    assert "no_such_package is not installed: run `make setup`" in process.stderr
    (tmp_path / "7_cross_experiment").mkdir()
    process = run(tmp_path, "--port", "0")
    assert process.returncode == 2
    assert "run `docs-index run`" in process.stderr


# What a page says ---------------------------------------------------------------------


def test_every_page_names_its_data_root_and_its_moment(site: Site) -> None:
    bodies = [site.get(path)[1] for path in [*paths(site), "documents/no-such-table"]]
    for body in bodies:
        (header,) = read_page(body).all("header")
        assert f"Data root {site.root}" in header.text
        assert re.search(r"as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", header.text)


def test_a_table_begins_with_its_rows(here: Here) -> None:
    for table in ("documents", "bad_generations", "backfill_counters"):
        (main,) = here.page(f"documents/{table}").all("main")
        order = [each.attributes.get("class", each.tag) for each in main.all()]
        assert order.index("rows") < order.index("meanings")
        folded = main.all("details")
        assert not any("open" in each.attributes for each in folded)
        in_folds = [each for fold in folded for each in fold.all("dl", "form")]
        assert main.all("dl", "form") == in_folds


def test_cells_are_labelled_for_a_narrow_screen(site: Site) -> None:
    for path in paths(site):
        for table in site.page(path).all("table"):
            if "rows" not in table.attributes.get("class", ""):
                continue  # a table of a text
            (head, body) = table.all("thead", "tbody")
            names = [re.sub(" [▲▼]$", "", cell.text) for cell in head.all("th")]
            for row in body.all("tr"):
                labels = [cell.attributes["data-label"] for cell in row.all("td")]
                assert labels == names


def test_a_document_tells_its_facts_by_name(here: Here) -> None:
    (doc_id,) = query(here.root, "select min(doc_id) from documents")[0]
    page = here.page(f"documents/documents/{doc_id}")
    assert not page.all("section")
    facts = {each.all("dt")[0].text: each.all("dd")[0].text for each in page.all("div")
             if [child.tag for child in each.all()][:2] == ["dt", "dd"]}  # fmt: skip
    template, model, content_hash = query(
        here.root,
        "select template_id, model_id, content_hash from documents where doc_id = ?",
        doc_id,
    )[0]
    assert facts["Template"] == template
    assert facts["Model"] == model
    assert facts["Hash of the raw text"] == content_hash
    assert '{"' not in page.text


def test_a_document_tells_why_its_parent_is_its_parent(here: Here) -> None:
    with open_documents(here.root) as documents:
        essays = [each.doc_id for each in documents.select("where stage = 'essay'")]
        attempts = [explained(documents, each, -1)["attempts"][0] for each in essays]
    several = [each for each in attempts if each["candidates"]]
    assert several
    for attempt in several:
        page = here.page(f"documents/documents/{attempt['doc_id']}")
        assert f"row {attempt['row_index']} of the results table essay" in page.text
        assert attempt["response_file"] in page.text
        assert f"{attempt['link_method']} : {attempt['rule']}" in page.text
        (table,) = [
            each.all("tbody")[0]
            for each in page.all("div")
            if each.attributes.get("aria-label") == "Candidates"
        ]
        shown = [[cell.text for cell in row.all("td")] for row in table.all("tr")]
        (join,) = attempt["candidates"]
        assert [(row[0], row[3]) for row in shown] == [
            (f"{each['source_csv']}:{each['row_index']}", each["rule"])
            for each in join["listed"]
        ]


def test_a_lineage_marks_the_document_and_names_template_model_and_date(
    here: Here,
) -> None:
    (doc_id,) = query(
        here.root,
        "select parent_doc_id from documents where stage = 'evaluation' "
        "and parent_doc_id in (select doc_id from documents where stage = 'essay') "
        "order by doc_id",
    )[0]
    rows = here.rows(f"documents/lineage?doc_id={doc_id}")
    (tree,) = here.page(f"documents/documents/{doc_id}").all("ol")
    shown = tree.all("li")
    for row, item in zip(rows, shown, strict=True):
        for name in ("stage", "task_id", "template_id", "model_id", "doc_id"):
            assert row[name] in item.text
        assert row["created_at"][:10] in item.text
        assert ("this one" in item.text) == (row["doc_id"] == doc_id)
        assert ("aria-current" in item.attributes) == (row["doc_id"] == doc_id)


def test_found_words_are_marked(site: Site) -> None:
    page = site.page("documents/search?words=ZANZIBAR%20tab*")
    (hits,) = page.all("ol")
    assert [mark.text for mark in hits.all("mark")] == ["table", "zanzibar"]
    (link,) = hits.all("a")
    assert link.attributes["href"] == f"/documents/documents/{site.document}"
    (row,) = site.rows("documents/search?words=zanzibar")
    assert "zanzibar" in row["excerpt"]
    assert "zanzibar |" in row["excerpt"]  # without marks


ODD = (
    '"', '""', '"a', 'a"', "'", "*", "a*", "**", "-", "^a", "a -b", "AND", "a OR",
    "NEAR(a b)", "text:a", "{text}: a", "(", ")", "a + b", "\0", "a\0b", "\ufeff", "%",
    "\\", "a" * 5000, "select", "é", "漢字",
)  # fmt: skip


@pytest.mark.parametrize("words", ODD)
def test_whatever_is_searched_gives_a_page(here: Here, words: str) -> None:
    for path in ("documents/search?words=", "documents/documents?_search="):
        assert here.get(f"{path}{quote(words)}")[0] == 200


def test_a_search_without_a_word_says_so(here: Here) -> None:
    for words in ('"', "*", "- -"):
        page = here.page(f"documents/search?words={quote(words)}")
        assert "There is no word in" in page.text
    status, body = here.get("documents/documents?_search=%22&_searchmode=raw")
    assert status == 400
    assert "This search cannot be understood" in body


def test_a_query_means_what_it_means_in_the_terminal() -> None:
    assert as_query("one two") == '"one" "two"'
    assert as_query('"one two" thr*') == '"one two" "thr"*'
    assert as_query('one "two three') == '"one" "two three"'
    assert as_query(' " ') == as_query("") == as_query(None) == '""'


def test_a_lineage_is_found_by_the_beginning_of_an_id_or_a_task(here: Here) -> None:
    doc_id, task_id = query(
        here.root,
        "select max(doc_id), task_id from documents group by task_id "
        "having count(*) = 1 order by task_id",
    )[0]
    family = here.rows(f"documents/lineage?doc_id={doc_id}")
    assert {row["generation"] for row in family} >= {0}
    assert here.rows(f"documents/lineage?doc_id={doc_id[:12]}") == family
    assert here.rows(f"documents/lineage?doc_id={quote(task_id)}") == family


def test_a_beginning_of_several_ids_lists_them(here: Here) -> None:
    (first,) = query(
        here.root,
        "select substr(doc_id, 1, 1) from documents group by 1 having count(*) > 1",
    )[0]
    fitting = query(
        here.root, "select doc_id from documents where doc_id glob ?", f"{first}*"
    )
    rows = here.rows(f"documents/lineage?doc_id={first}")
    assert {row["generation"] for row in rows} == {None}
    assert {(row["doc_id"],) for row in rows} == set(fitting)
    page = here.page(f"documents/lineage?doc_id={first}")
    links = {link.attributes["href"] for link in page.all("a")}
    assert f"fits {len(fitting)} documents" in page.text
    assert links >= {f"/documents/lineage?doc_id={each}" for (each,) in fitting}
    assert "No document has" in here.page("documents/lineage?doc_id=none").text


def test_a_conversation_shows_all_of_its_turns(here: Here) -> None:
    add_history(here.root)
    here.until(lambda: "generation" in here.page("documents").text)
    for path in ("documents/documents/turn000000000039#", "documents/lineage?doc_id="):
        page = here.page(f"{path.rstrip('#')}{'turn000000000039' * ('?' in path)}")
        (tree,) = [each for each in page.all("ol") if "tree" in str(each.attributes)]
        turns = [each.text for each in tree.all("li")]
        assert len(turns) == 41
        assert [text.split()[2] for text in turns[:40]] == [str(n) for n in range(40)]
        assert "step 40, template none, model echo, no time given" in turns[39]
        assert turns[40].startswith("judgement grade")


def test_a_judgement_shows_its_record_its_score_and_all_that_it_judges(
    here: Here,
) -> None:
    add_history(here.root)
    here.until(lambda: "generation" in here.page("documents").text)
    page = here.page("documents/documents/judge00000000000")
    (lead,) = [each for each in page.all("p") if each.attributes == {"class": "lead"}]
    assert "judgement without a time, by model code:match" in lead.text
    assert "Score 0.25" in lead.text
    facts = [[each.text for each in div.all("dt", "dd")] for div in page.all("div")]
    judged = [fact[1] for fact in facts if fact[:1] == ["Judges"]]
    assert judged == [
        "generation task 39 , by model echo", "generation task 38 , by model echo"
    ]  # fmt: skip
    shown = {fact[0]: fact[1] for fact in facts if len(fact) == 2}
    assert shown["Source row"] == (
        "record 12.2 of logs/chat.db , which the source grades of histories.yml names"
    )
    assert shown["File of the record"] == "logs/chat.db"
    assert shown["Record in the file"] == "12.2"
    assert shown["Run of the tool"] == "run1"
    assert (shown["Score"], shown["Score in words"]) == ("0.25", "a quarter")
    assert shown["Created"] == "–"  # noqa: RUF001
    tree = page.all("ol")[0].text
    assert tree.count("generation task 39 ") == tree.count("generation task 38 ") == 1
    second = here.page("documents/documents/turn000000000038").all("ol")[0].text
    assert "judgement grade" in second


def test_stages_of_histories_are_listed_and_may_have_no_time(here: Here) -> None:
    add_history(here.root)
    here.until(lambda: "generation" in here.page("documents").text)
    (stages, *_) = here.page("documents").all("table")
    rows = [[cell.text for cell in row.all("td")] for row in stages.all("tr")][1:]
    assert ["generation", "40", "0", "–", "–"] in rows  # noqa: RUF001
    assert here.rows("documents/latest")[-1]["created_at"] is None
    found = here.page("documents/lineage?doc_id=turn0000000000")
    assert "fits 40 documents" in found.text
    assert "no time given" in found.text


def test_a_rejected_row_shows_its_detail_and_its_remedy_whole(here: Here) -> None:
    detail = " ".join(f"word{number}" for number in range(1500))
    change(here.root, f"update bad_generations set detail = '{detail}'")
    here.until(lambda: detail in here.page("documents/bad_generations").text)
    page = here.page("documents/bad_rows_by_reason")
    remedies = {row["reason"]: row["remedy"] for row in seed("reasons")}
    rejected = query(
        here.root, "select reason, source_csv, row_index from bad_generations"
    )
    assert page.text.count(detail) == len(rejected)
    for reason, source_csv, row_index in rejected:
        assert remedies[reason].replace("`", "").split(". ")[0] in re.sub(
            r" ([.,])", r"\1", page.text
        )
        row = here.page(f"documents/bad_generations/{source_csv},{row_index}").text
        assert detail in row
        assert "What to do" in row


def test_what_is_not_there_is_said_plainly(
    here: Here, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in ("documents/documents/none", "documents/none", "none"):
        status, body = here.get(path)
        assert status == 404
        page = read_page(body)
        assert page.all("h1")[0].text == "Not found"
        assert "/documents" in {each.attributes["href"] for each in page.all("a")}
    assert capfd.readouterr() == ("", "")


# Following the index ------------------------------------------------------------------


def test_a_document_that_is_added_is_shown_and_found(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    find = DirectoryTexts.find

    def noted(texts: DirectoryTexts, doc_dir: str, name: str) -> bytes | None:
        read.append(doc_dir)
        return find(texts, doc_dir, name)

    monkeypatch.setattr(DirectoryTexts, "find", noted)
    assert here.rows("documents/search?words=quokka") == []
    added = [add(here.root, number) for number in (1, 2)]
    here.until(lambda: len(here.rows("documents/search?words=quokka")) == 2)
    assert set(read) == {document.doc_dir for document in added}
    page = here.page(f"documents/documents/{added[0].doc_id}")
    assert "A quokka is text 1." in page.text
    counted = here.rows("documents?sql=select count(*) as n from documents")
    assert counted == [{"n": query(here.root, "select count(*) from documents")[0][0]}]


def test_a_request_keeps_its_copy_while_another_is_made(here: Here) -> None:
    followed = here.followed
    count = "select count(*) from documents"

    async def counted() -> int:
        found: int = (await followed.execute(count)).first()[0]
        return found

    async def in_another_request() -> int:
        async with followed.in_use():
            return await counted()

    async def both() -> None:
        async with followed.in_use():
            copy, before = followed.shown, await counted()
            add(here.root)
            while await asyncio.create_task(in_another_request()) == before:
                await asyncio.sleep(0.05)
            assert await counted() == before
            assert followed.shown is copy
            assert followed.latest is not copy
            assert copy.path.exists()
        assert await in_another_request() == before + 1
        assert not copy.path.exists()

    asyncio.run(both())


def test_no_request_fails_while_copies_are_replaced(here: Here) -> None:
    paths = (
        "documents", "documents/documents", "documents/search?words=the",
        "documents/latest",
    )  # fmt: skip

    async def answered(path: str) -> int:
        status: int = (await here.pages.client.get(f"/{path}")).status_code
        return status

    async def ask() -> None:
        for number in range(4):
            await asyncio.to_thread(add, here.root, number)
            statuses = await asyncio.gather(*(answered(path) for path in paths * 2))
            assert set(statuses) == {200}

    asyncio.run(ask())
    here.until(lambda: len(here.rows("documents/search?words=quokka")) == 4)


def test_what_cannot_be_copied_keeps_the_old_copy(here: Here) -> None:
    count = "documents?sql=select count(*) as n from documents"
    before, moment = here.rows(count), here.page("documents").all("time")[0].text
    kept = index(here.root).with_name("kept")
    shutil.copyfile(index(here.root), kept)
    index(here.root).write_bytes(b"not a database")
    here.until(lambda: "could not be copied" in here.page("documents").text)
    assert here.rows(count) == before
    page = here.page("documents/documents")
    assert str(index(here.root)) in page.all("header")[0].text
    assert page.all("time")[0].text >= moment
    kept.replace(index(here.root))
    here.until(lambda: "could not be copied" not in here.page("documents").text)
    assert here.rows(count) == before


def test_a_copy_that_takes_long_delays_no_page(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run may hold the lock for long: pages show the old copy, and say so."""
    may_go_on = threading.Event()

    def late(layout: Layout, folder: Path) -> Path:
        assert may_go_on.wait(60)
        return copy_index(layout, folder)

    monkeypatch.setattr(copies, "copy_index", late)
    change(here.root, "insert into backfill_counters values ('of_a_run', 7)")
    table = "documents/backfill_counters?counter=of_a_run"
    for _ in range(3):
        assert here.rows(table) == []
        assert "a new copy is being made" in here.page("documents").text
    may_go_on.set()
    here.until(lambda: len(here.rows(table)) == 1)


def test_another_index_in_its_place_is_searched_anew(here: Here) -> None:
    assert here.rows("documents/search?words=the")
    parsed = "select doc_id, doc_dir from documents where status = 'ok' order by doc_id"
    (doc_id, doc_dir), *_ = query(here.root, parsed)
    change(
        here.root,
        "pragma foreign_keys = off",
        f"delete from documents where doc_id != '{doc_id}'",
        f"update documents set rowid = 1000 where doc_id = '{doc_id}'",
    )
    here.until(lambda: len(here.rows("documents/documents?_size=max")) == 1)
    text = (here.root / "docs" / doc_dir / "parsed.txt").read_text()
    (word, *_) = re.findall(r"\b[a-z]{5,}", text)
    found = here.rows(f"documents/search?words={word}")
    assert [row["doc_id"] for row in found] == [doc_id]


def test_the_index_is_neither_kept_open_nor_written(here: Here) -> None:
    add(here.root)
    before = snapshot(here.root)
    here.until(lambda: bool(here.rows("documents/search?words=quokka")))
    opened = [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
    assert not [each for each in opened if each.startswith(str(here.root / "db"))]
    assert snapshot(here.root) == before


# A browser ----------------------------------------------------------------------------

# The colours of each text that is shown, and of the nearest ground under it.
COLOURS = """() => {
  const found = {};
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!colour.endsWith(', 0)')) return colour;
    }
    return 'none';
  };
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((e) => e.nodeType === 3 && e.data.trim());
    if (own && element.getClientRects().length) {
      const pair = [getComputedStyle(element).color, ground(element)];
      found[pair] = pair.concat([element.outerHTML.slice(0, 80)]);
    }
  }
  return Object.values(found);
}"""


def hexed(colour: str) -> str:
    numbers = [int(each) for each in re.findall(r"\d+", colour)[:3]]
    return "#{:02x}{:02x}{:02x}".format(*numbers)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_in_a_browser_pages_fit_and_their_texts_can_be_read(
    chromium: Browser, site: Site, width: int, scheme: str
) -> None:
    screen: Any = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    visited = visit(chromium, site.url, **screen)
    for path in paths(site):
        visited.page.goto(f"{site.url}{path}")
        visited.page.evaluate(
            "document.querySelectorAll('details').forEach((each) => each.open = true)"
        )
        assert visited.page.evaluate("document.documentElement.scrollWidth") <= width, (
            path
        )
        for text, ground, element in visited.page.evaluate(COLOURS):
            assert ground != "none"
            assert contrast(hexed(text), hexed(ground)) >= 4.5, (path, element)
            if not element.startswith(("<button", "<mark")):
                is_dark = contrast(hexed(ground), "#ffffff") > 4.5
                assert is_dark == (scheme == "dark"), (path, element)
        assert visited.page.evaluate(
            "[...document.querySelectorAll('main *')].every("
            "(each) => parseFloat(getComputedStyle(each).fontSize) >= 12)"
        )
    visited.page.context.close()


@pytest.mark.slow
def test_a_document_that_is_added_is_shown_by_the_process(ran: Path) -> None:
    assert copies.LOOK_S <= 1
    with started(ran, SCRIPT, "--port", "0") as process:
        assert process.stdout is not None
        url = process.stdout.readline().split("documents")[0]
        search = f"{url}documents/search.json?words=quokka&_shape=array"
        with urlopen(search) as response:
            assert json.load(response) == []
        document = add(ran)
        end = time.monotonic() + 30
        found: list[Any] = []
        while not found:
            assert time.monotonic() < end
            time.sleep(0.2)
            with urlopen(search) as response:
                found = json.load(response)
        assert [row["doc_id"] for row in found] == [document.doc_id]


@pytest.mark.slow
def test_in_a_browser_no_page_complains_or_asks_outside(
    chromium: Browser, site: Site
) -> None:
    visited = visit(chromium, site.url)
    for path in paths(site):
        visited.page.goto(f"{site.url}{path}")
    assert visited.complaints == []
    assert all(request.startswith(site.url) for request in visited.requests)
    visited.page.context.close()
