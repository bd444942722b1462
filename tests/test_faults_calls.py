"""A call that fails for a moment stops the program, and becomes no fact.

Each call that a piece of work makes below its root fails once, with one code of the
machine after the other; one of them no system has. The error names the path, and the
same work, done again, ends as if nothing had happened.
"""

import errno
import json
import re
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path

import duckdb
import pytest
from building import contents, dump, index, write
from cohort_models import CohortModels
from cohort_roots import campaign_root, cohort
from failing import KINDS, SCRATCH, failing
from sampling import SOAK
from test_placing import TEXT, document
from test_writing import DRAFT, ESSAY

from docs_index.audit import inspector
from docs_index.audit.inspector import DirectoryInspector, Wanted
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.place import place_cohort
from docs_index.cohorts.states import standings
from docs_index.disk import confined
from docs_index.disk.lock import held_lock, holder_of
from docs_index.disk.publish import appending, publish, publish_file
from docs_index.errors import DocsIndexError, StorageError, told
from docs_index.index.snapshot import copy_index
from docs_index.index.writer import Writer
from docs_index.ingest import document_files
from docs_index.ingest.document_files import DocumentFiles
from docs_index.ingest.placer import Placer
from docs_index.ingest.presence import Survey
from docs_index.ingest.suggestions import _below
from docs_index.layout import open_cohort_layout, open_layout
from docs_index.warehouse.csv_grammar import check_table
from docs_index.warehouse.generation_scan import scan_generations
from docs_index.warehouse.parsers import built_in_parsers
from docs_index.warehouse.response_facts import read_responses
from docs_index.warehouse.sources import Sources

INVENTED = 250
CODES = [
    errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.ENFILE, errno.ENOMEM,
    errno.ENOSPC, errno.EINTR, errno.EAGAIN, errno.ENOTRECOVERABLE, INVENTED,
]  # fmt: skip
QUICK_CODES = [errno.EIO, INVENTED, errno.EACCES]
NOT_PERMITTED = [errno.EACCES, errno.EPERM]
QUICK = 40  # every so many-th call of a piece of work is in `make test`
SLOW = 1 if SOAK else 3  # and in `make test-all`

ROWS = ["x.txt", "d/y.txt", "link.txt", "missing.txt", "d", "pipe", "d/../d/y.txt"]


def prepare_responses(root: Path) -> None:
    for path in ("x.txt", "d/y.txt"):
        write(root, f"3_generation/{path}", f"the text of {path}")
    (root / "3_generation/link.txt").symlink_to("d/y.txt")
    (root / "3_generation/pipe").mkdir()


def read(root: Path) -> object:
    """Read response files as a build does, and as the next build does."""
    with closing(duckdb.connect(config={"threads": 1})) as session:
        listed = ", ".join(f"('3_generation', '{path}', '')" for path in ROWS)
        rows = f"from (values {listed}) as rows (folder, path, parser)"
        session.execute(f"create table wanted as {rows}")
        for known in (None, "read"):
            relation = read_responses(
                session, "wanted", known, data_root=str(root), max_bytes=1000,
                parser_sql="text", processes=0,
            )  # fmt: skip
            session.execute("create or replace table read as from relation")
            assert relation is not None
        columns = "path, cause, raw_bytes, content_hash"
        return session.execute(f"select {columns} from read order by path").fetchall()


def prepare_places(root: Path) -> None:
    write(root, "3_generation/x.txt", TEXT.decode())
    for folder in ("docs/.unpublished", "docs/draft"):
        (root / folder).mkdir(parents=True)


def place(root: Path) -> object:
    """Place two documents, one of which is there already when it is done again."""
    docs = root / "docs"
    (docs / ".unpublished").mkdir(exist_ok=True)
    for left in (docs / ".unpublished").iterdir():
        shutil.rmtree(left)  # as a run does when it begins
    placer = Placer(
        files=DocumentFiles(
            build="", data_root=str(root), max_bytes=1000, parser_sql="text"
        ),
        docs=str(docs),
        unpublished=str(docs / ".unpublished"),
        link=True,
        dry_run=False,
    )
    batch = placer.place([1, 2])
    assert not batch.failed
    return placer.place([1, 2]).outcomes


def add(root: Path) -> object:
    """Add documents as a program does."""
    writer = Writer(root, run_id="r")
    draft = writer.add(DRAFT)
    legacy = "essay_responses/new/e.txt"
    essay = replace(ESSAY, parent_doc_id=draft.doc_id, legacy_file=legacy)
    return writer.add(replace(essay, timestamp="2025-06-02"))


def prepare_documents(root: Path) -> None:
    (root / "docs").mkdir(parents=True)
    add(root)


def survey(root: Path) -> object:
    found = Survey(str(root / "docs"))
    return found.look(list(found.keys()))


def inspect(root: Path) -> object:
    """Look at directories and read their texts, as the audit does."""
    inspecting = DirectoryInspector(str(root), str(root / "docs"), built_in_parsers())
    essay = next((root / "docs").glob("essay/*/*"))
    wanted = Wanted(
        essay.name, str(essay.relative_to(root / "docs")), None, len(ESSAY.raw),
        len(ESSAY.parsed or ""), None, "3_generation", "essay_responses/new/e.txt",
        None, True, None, None,
    )  # fmt: skip
    looked = b"".join(map(inspecting.look, inspecting.parts()))
    lines = looked + inspecting.read([wanted])
    found = [json.loads(line) for line in lines.splitlines()]
    for line in found:
        line.get("entries", []).sort(key=lambda entry: entry["name"])
    return found


def prepare_cohort(root: Path) -> None:
    cohort(root)
    write(root, "gens/evaluation/v_e1/raw.txt", "SCORE: 7")
    write(root, "gens/evaluation/v_e2/parsed.txt", "7.0\n")


def scan(root: Path) -> object:
    return sorted(map(str, scan_generations(root / "gens")))


def stand(root: Path) -> object:
    campaign = open_campaign(open_cohort_layout(root), "here")
    return [(each.evaluation, each.state, each.reason) for each in standings(campaign)]


def list_files(root: Path) -> object:
    return list(_below(f"{root}/3_generation/"))


def prepare_tables(root: Path) -> None:
    write(root, "x/a.csv", "id,text\n1,one\n")
    write(root, "x/quoted.csv", 'id,text\n1,"o,ne"\n')


def load(root: Path) -> object:
    """Load tables as a build does; one is missing."""
    sources = Sources(open_layout(root))
    found: list[object] = []
    with closing(duckdb.connect(config={"threads": 1})) as session:
        for name in ("a", "quoted", "none"):
            meta = {"file": f"x/{name}.csv", "columns": ["id", "text"]}
            found += sources.load(session, meta | {"any_of": ["x/a.csv"]}).fetchall()
        files = sources.input_files(session).project("* exclude (data_root)")
        return found + files.fetchall()


def prepare_lists(root: Path) -> None:
    write(root, "list.csv", "a\n1\n")
    write(root, "made.csv", "a\n2\n")
    (root / "db").mkdir()


def publish_all(root: Path) -> object:
    """Publish files in each of the ways, under the lock."""
    with held_lock(root / "db" / ".lock", 0.0):
        publish_file(root / "report.csv", root / "made.csv")
        publish(root / "file.txt", b"text")
        publish(root / "file.txt", b"text")
        lines = iter([] if "2" in (root / "list.csv").read_text() else ["2\n"])
        with appending(root / "list.csv", lines, "\n"):
            pass
    table = check_table(root / "list.csv")
    return holder_of(root / "db" / ".lock"), table.data_rows, table.is_unchanged()


def copy(root: Path) -> object:
    layout = open_layout(root)
    folder = root / "copy"
    folder.mkdir(exist_ok=True)
    return copy_index(layout, folder).name


@dataclass(frozen=True)
class Work:
    """A piece of work on a root, which `prepare` makes."""

    prepare: Callable[[Path], None]
    do: Callable[[Path], object]
    reports_permissions: bool = False  # as findings


WORK = {
    "responses": Work(prepare_responses, read),
    "places": Work(prepare_places, place),
    "writer": Work(lambda root: root.mkdir(parents=True), add),
    "survey": Work(prepare_documents, survey),
    "inspection": Work(prepare_documents, inspect, reports_permissions=True),
    "generations": Work(prepare_cohort, scan),
    "standings": Work(prepare_cohort, stand),
    "files": Work(prepare_responses, list_files),
    "tables": Work(prepare_tables, load),
    "lists": Work(prepare_lists, publish_all),
    "copy": Work(prepare_documents, copy),
}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled, documents need no build, and no folder stays open."""
    monkeypatch.setattr(confined, "_SETTLED_NS", 0)
    monkeypatch.setattr(
        DocumentFiles, "planned", lambda _, places: [*map(document, places)]
    )
    monkeypatch.setattr(document_files, "_folder", confined.Folder)
    monkeypatch.setattr(inspector, "_folder", partial(confined.Folder, max_bytes=1000))


def state(root: Path, found: object) -> object:
    files = {
        path: "a database" if path.endswith(".sqlite") else content
        for path, content in contents(root).items()
    }
    return found, files, dump(root) if index(root).exists() else None


def points(root: Path, work: Work) -> list[tuple[str, int]]:
    """Return every call of a piece of work: its kind, and which of them it is."""
    with failing(root) as calls:
        work.do(root)
    return [
        (kind, nth)
        for kind, counted in sorted(calls.counted.items())
        for nth in range(1, counted + 1)
    ]


@pytest.mark.soak
@pytest.mark.parametrize(
    "stride", [pytest.param(SLOW, marks=pytest.mark.slow), pytest.param(QUICK)]
)
@pytest.mark.parametrize("name", WORK)
def test_a_call_that_fails_stops_and_is_done_again(
    name: str, stride: int, memory: Path
) -> None:
    check(WORK[name], memory / f"{name}_{stride}", stride)


@pytest.mark.soak
@pytest.mark.slow
def test_a_cohort_is_built_in_spite_of_a_call_that_has_failed(
    cohort_models: CohortModels, memory: Path
) -> None:
    def build(root: Path) -> None:
        database = root.parent / "plan.duckdb"
        database.unlink(missing_ok=True)
        assert cohort_models.build(root, "here", database).faults == []
        place_cohort(open_cohort_layout(root), "here", database)

    check(Work(prepare_campaign, build), memory / "cohort", 4 * SLOW)


def prepare_campaign(root: Path) -> None:
    campaign_root(root)


def check(work: Work, base: Path, stride: int) -> None:
    """Have every so many-th call of a piece of work fail, and do it again."""
    work.prepare(base / "prepared")
    whole = base / "root"
    shutil.copytree(base / "prepared", whole, symlinks=True)
    all_points = points(whole, work)
    wanted = state(whole, work.do(whole))
    codes = cycle(CODES if work.reports_permissions else CODES + NOT_PERMITTED)
    said: list[str] = []
    wrong: list[object] = []
    for (kind, nth), code in zip(all_points[::stride], codes, strict=False):
        shutil.rmtree(whole)  # at the same place, which results may name
        shutil.copytree(base / "prepared", whole, symlinks=True)
        with failing(whole, kind, nth, code) as calls:
            message = outcome(work, whole)
        assert calls.path, (kind, nth)
        if message is not None:
            said.append(message)
            if not names(message, calls.path, whole, kind):
                wrong.append((kind, nth, code, calls.path, message))
        if state(whole, work.do(whole)) != wanted:
            wrong.append((kind, nth, code, calls.path, message))
    assert wrong == [], "\n".join(map(str, wrong))
    assert said or stride > 1
    shutil.rmtree(base)


def names(message: str, path: str, root: Path, kind: str) -> bool:
    """Tell whether a message is one line that begins with the path of a failing call.

    The path may be one above or below it, or one that leads to it by a link. Of a
    rename it is where to.
    """
    named = re.split(": | cannot be ", message)[0]
    written = [named, str(Path(named).resolve())]
    is_related = any(path.startswith(w) or w.startswith(path) for w in written)
    is_one = "\n" not in message and named.startswith((str(root), SCRATCH))
    return is_one and (is_related or kind == "rename")


def outcome(work: Work, root: Path) -> str | None:
    """Do a piece of work; return the error that stopped it, None if none did."""
    try:
        work.do(root)
    except OSError as error:
        return told(error)
    except DocsIndexError as error:
        assert isinstance(error, StorageError), error
        return str(error)
    return None


def test_the_calls_that_fail_are_many_and_of_every_kind(memory: Path) -> None:
    every: list[tuple[str, int]] = []
    for name, work in WORK.items():
        root = memory / f"counted_{name}"
        work.prepare(root)
        every += points(root, work)
        shutil.rmtree(root)
    assert len(every) >= 200
    assert {kind for kind, _ in every} == set(KINDS)
