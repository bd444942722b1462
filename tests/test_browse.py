"""scripts/browse_docs.py: pages for this machine alone, whatever the texts hold."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest
from building import Process, Run, copied, index, query, run_command, snapshot, started
from chromium import visit
from pages import PLANTED, Element, plant, read_page
from playwright.sync_api import Browser

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


@dataclass(frozen=True)
class Site:
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
        status, body = self.get(path)
        assert status == 200, (path, body)
        assert PLANTED not in body
        return read_page(body)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return the rows that a page is of."""
        name, _, arguments = path.partition("?")
        status, body = self.get(f"{name}.json?{arguments}&_shape=array")
        assert status == 200, (path, body)
        rows: list[dict[str, Any]] = json.loads(body)
        return rows


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
        scripts = [script.text for script in page.all("script")]
        assert not any("alert" in script for script in scripts)
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
    shown = parent[1].replace("\u202e", "")
    assert links[f"/documents/documents/{parent[0]}"].replace("\u202e", "") == shown


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
    assert "Its texts are not there" in page.text
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
    assert process.stderr.startswith(f"error: port {port} cannot be had")
    (tmp_path / "uvicorn.py").write_text("import no_such_package")
    process = run(first_run.root, PYTHONPATH=str(tmp_path))
    assert process.returncode == 2
    assert "no_such_package is not installed: run `make setup`" in process.stderr
    (tmp_path / "7_cross_experiment").mkdir()
    process = run(tmp_path, "--port", "0")
    assert process.returncode == 2
    assert "run scripts/materialize_docs.py" in process.stderr


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
