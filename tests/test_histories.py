"""Other tools' records end in the one place that the contract says, however spoiled.

`history_records` makes the records, `history_oracle` says what becomes of each. A build
reads many sources at once, since it takes long.
"""

import json
import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import building
import duckdb
import history_oracle
import history_tools
import pytest
from building import REPOSITORY, Process, copied, good, query
from dying import KILLED
from forking import DYING
from history_oracle import Document, Place, Record
from history_records import fields, history, optional
from sampling import SOAK

Row = dict[str, Any]
Files = Mapping[str, bytes]
LOGS = REPOSITORY / "../shared/corpora/histories"
PLACE = re.compile(r"(.*?), record ([0-9.]+): ", re.DOTALL)
DRAFTS = (
    "draft_task_id,combo_id,draft_template_id,generation_model,generation_status,"
    "generation_timestamp,response_file\n"
    "t1,c,t,m1,success,2025-01-01,t1.txt\n"
    "t2,c,t,m1,success,2025-01-02,t1.txt\n"
    "t2,c,t,m1,success,2025-01-03,t1.txt\n"  # t2 is two documents
    "t3,c,t,m2,success,2025-01-04,lost.txt\n"  # has no document
)


def write_root(root: Path, histories: Row, files: Files) -> None:
    """Write a data root with a few drafts, which records may name."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    building.write(root, "histories.yml", json.dumps(histories))  # JSON is YAML
    results = "7_cross_experiment/draft_generation_results.csv"
    building.write(root, results, DRAFTS)
    building.write(root, "3_generation/t1.txt", "A harbour.")


def make(root: Path, histories: Row, files: Files) -> Path:
    """Write a root, build it, and write its documents."""
    write_root(root, histories, files)
    good(building.build(root))
    good(building.materialize(root))
    return root


# What a run made ----------------------------------------------------------------------


def found_documents(root: Path, histories: Row) -> dict[Place, Row]:
    found = {}
    for row in building.documents(root):
        meta = row["meta_small"]
        if meta["source_csv"] in histories["sources"]:
            place = meta["source_csv"], meta["file"], meta["position"]
            assert place not in found
            found[place] = row
    return found


def found_rejects(root: Path, histories: Row) -> dict[Place, Row]:
    """Return the rejected records; where each was is in its detail alone."""
    columns = ("source_csv", "row_key", "reason", "detail")
    found = {}
    for values in query(root, f"select {', '.join(columns)} from bad_generations"):
        row = dict(zip(columns, values, strict=True))
        if row["source_csv"] in histories["sources"]:
            place = PLACE.match(row["detail"])
            assert place, row
            assert (row["source_csv"], *place.groups()) not in found
            found[row["source_csv"], place[1], place[2]] = row
    return found


def found_links(root: Path) -> dict[str, list[tuple[str, int, str]]]:
    links: dict[str, list[tuple[str, int, str]]] = {}
    asked = (
        "select links.doc_id, role, position, linked.row_key "
        "from document_links as links join documents as linked "
        "on linked.doc_id = linked_doc_id order by links.doc_id, role, position"
    )
    for doc_id, role, position, row_key in query(root, asked):
        links.setdefault(doc_id, []).append((role, position, row_key))
    return links


def found_drafts(root: Path) -> list[Document]:
    return [
        Document(
            "draft", row["task_id"], row["model_id"], row["doc_id"], row["row_key"]
        )
        for row in building.documents(root)
        if row["meta_small"]["source_csv"] == "draft"
    ]


def described(root: Path, row: Row, links: list[tuple[str, int, str]]) -> Row:
    """Return what the contract says something of, of a document."""
    meta = row["meta_small"]
    folder = root / "docs" / row["doc_dir"]
    prompt = folder / "prompt.txt"
    columns = (
        "row_key", "task_id", "template_id", "model_id", "stage", "created_at",
        "score", "logical_key_id", "doc_id", "parent_doc_id", "raw_bytes", "raw_chars",
        "content_hash", "parser",
    )  # fmt: skip
    said = ("combo_id", "created_from", "score_text", "origin_run_id", "meta")
    return (
        {name: row[name] for name in columns}
        | {name: meta.get(name) for name in said}
        | {
            "raw": (folder / "raw.txt").read_bytes(),
            "prompt": prompt.read_bytes() if prompt.exists() else None,
            "links": links,
        }
    )


def due(record: Record) -> Row:
    """Return the same of what the oracle says."""
    raw = record.raw
    assert raw is not None
    columns = (
        "row_key", "task_id", "combo_id", "template_id", "model_id", "stage", "parser",
        "created_at", "created_from", "score_text", "logical_key_id", "doc_id",
        "parent_doc_id",
    )  # fmt: skip
    meta = record.meta and json.loads(history_oracle.compact(record.meta))
    return {name: getattr(record, name) for name in columns} | {
        "score": record.shown_score,
        "origin_run_id": record.run,
        "meta": meta,
        "raw": raw,
        "raw_bytes": len(raw),
        "raw_chars": len(raw.decode()),
        "content_hash": sha256(raw).hexdigest(),
        "prompt": None if record.prompt is None else record.prompt.encode(),
        "links": record.targets,
    }


def ask_oracle(root: Path, histories: Row, files: Files) -> list[Record]:
    """Return what is due; ids of records without one are those that were made."""
    rows = found_documents(root, histories) | found_rejects(root, histories)
    ids = {
        place: row["row_key"].partition(":")[2]
        for place, row in rows.items()
        if row["row_key"]
    }
    return history_oracle.expected(histories, files, ids, found_drafts(root))


def disagreements(root: Path, histories: Row, files: Files) -> Iterator[str]:
    """Yield where a record ended, or what it became, other than the contract says."""
    documents = found_documents(root, histories)
    rejects = found_rejects(root, histories)
    links = found_links(root)
    wanted = {record.place: record for record in ask_oracle(root, histories, files)}
    for place in documents.keys() & rejects.keys():
        yield f"{place} is in two places"
    for place in (documents.keys() | rejects.keys()) - wanted.keys():
        yield f"{place} is no record"
    for place, record in wanted.items():
        if place in documents:
            document = documents[place]
            if record.reason:
                yield f"{place} is a document, not {record.reason}: {record}"
                continue
            have = described(root, document, links.get(document["doc_id"], []))
            for name, value in due(record).items():
                if have[name] != value:
                    yield f"{place}: {name} is {have[name]!r}, not {value!r}"
        elif place not in rejects:
            yield f"{place} is nowhere: {record}"
        elif rejects[place]["reason"] != record.reason:
            yield f"{place} is {rejects[place]}, not {record.reason}: {record}"


# Quick --------------------------------------------------------------------------------

ORDERED = fields(follows={"id": optional("parent")}, keep=None)
SEED, RECORDS = 34, 96
QUICK = [
    "plain", "cells", "listed", "packed", "nameless", "chats", "branches", "seconds",
    "local", "marked", "judged", "graded",
]  # fmt: skip


def ordered_rows() -> list[Row]:
    """Records that each follow the one before, without two of one id."""
    texts = ["", "a", "\x00", "é", "two\nlines", "|"]
    return [
        {
            "id": f"r{n}|", "task": f"t{n}", "model": "m", "status": "success",
            "at": f"2025-01-{n + 1:02}", "text": text,
            "parent": f"r{n - 1}|" if n else "",
        }
        for n, text in enumerate(texts)
    ]  # fmt: skip


def spoiled_history() -> tuple[Row, dict[str, bytes]]:
    """Mappings of many forms, and two sources that differ in their records' order."""
    histories, files = history(random.Random(SEED), RECORDS, QUICK)
    rows = [json.dumps(row).encode() for row in ordered_rows()]
    for name, lines in {"ordered": rows, "turned": rows[::-1]}.items():
        histories["sources"][name] = ORDERED | {"files": f"{name}.jsonl"}
        files[f"{name}.jsonl"] = b"\n".join(lines)
    return histories, files


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Builds of many sources take longer than others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "TIMEOUT_S", 600)
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root of spoiled records, built."""
    root = tmp_path_factory.mktemp("spoiled") / "root"
    write_root(root, *spoiled_history())
    good(building.build(root))
    return root


@pytest.fixture(scope="module")
def ran(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after a run."""
    root = copied(built, tmp_path_factory.mktemp("ran"))
    good(building.materialize(root))
    return root


def test_spoiled_records_end_where_the_contract_says(ran: Path) -> None:
    histories, files = spoiled_history()
    assert list(disagreements(ran, histories, files)) == []


def test_spoiled_records_show_every_reason(ran: Path) -> None:
    """Or the comparison would say little."""
    histories, files = spoiled_history()
    records = ask_oracle(ran, histories, files)
    found = Counter(record.reason for record in records)
    assert set(found) == {
        None, "unreadable_record", "missing_key_columns", "not_successful",
        "invalid_timestamp", "duplicate_row", "conflicting_record", "no_text",
        "unresolved_parent", "unresolved_target",
    }  # fmt: skip
    assert found[None] >= 40
    assert found.total() >= 100
    kinds = {(record.kind, record.parent_doc_id is not None) for record in records}
    assert ("judgement", True) in kinds


def test_order_in_a_file_is_no_matter_where_ids_are_given(ran: Path) -> None:
    """Both are chains: each document follows that of the record that it names."""
    links = found_links(ran)
    chains = {}
    for source in ("ordered", "turned"):
        found = building.documents(ran, f"row_key glob '{source}:*'")
        chains[source] = {
            row["task_id"]: (
                row["row_key"].partition(":")[2], row["content_hash"],
                row["created_at"],
                [key.partition(":")[2] for *_, key in links.get(row["doc_id"], [])],
            )
            for row in found
        }  # fmt: skip
    assert len(chains["ordered"]) == len(ordered_rows())
    assert chains["ordered"] == chains["turned"]


def test_a_second_run_writes_nothing(ran: Path, tmp_path: Path) -> None:
    root = copied(ran, tmp_path)
    before = building.snapshot(root / "docs"), building.dump(root)
    good(building.materialize(root))
    assert (building.snapshot(root / "docs"), building.dump(root)) == before


@pytest.mark.parametrize("step", [10, 40])
def test_a_killed_run_is_completed_by_the_next(
    built: Path, ran: Path, tmp_path: Path, step: int
) -> None:
    root = copied(built, tmp_path)
    script = [str(building.SCRIPT), "--workers", "1"]
    words = [sys.executable, DYING, str(step), str(root), *script]
    assert building.run(root, words, {}).returncode == KILLED
    good(building.materialize(root))
    assert building.results(root) == building.results(ran)


@pytest.mark.slow
def test_another_build_from_a_clean_slate_is_the_same(
    ran: Path, tmp_path: Path
) -> None:
    other = make(tmp_path / "root", *spoiled_history())
    assert building.results(other) == building.results(ran)


@pytest.mark.slow
def test_a_field_that_no_record_has_is_refused_by_name(tmp_path: Path) -> None:
    """And nothing is written."""
    root = tmp_path / "root"
    keys = fields(prompt="promt", keep=None) | {"files": "a.jsonl"}
    line = json.dumps(ordered_rows()[0]).encode()
    chosen = fields(keep=None) | {"files": "a.jsonl", "where": {"stauts": "ok"}}
    sources = {"answers": keys, "chosen": chosen}
    write_root(root, {"sources": sources}, {"a.jsonl": line})
    before = set(root.rglob("*"))
    process = run_all(root)
    assert process.returncode == 2
    assert "answers, prompt: promt, of 1 record" in process.stdout + process.stderr
    assert "chosen, where.1: stauts, of 1 record" in process.stdout + process.stderr
    assert not written(root, before)


@pytest.mark.slow
@pytest.mark.skipif(not LOGS.is_dir(), reason="the real logs are not there")
def test_real_logs_are_taken_in(tmp_path: Path) -> None:
    """The tools wrote them; how many samples, results and failures is known."""
    root = tmp_path / "root"
    for tool in ("inspect", "llm", "promptfoo", "lm_eval", "openai_batch"):
        shutil.copytree(LOGS / tool, root / tool)
    histories = {
        "stories": {"tool": "inspect", "files": "inspect/*.json.gz"},
        "talks": {"tool": "llm", "files": "llm/*.db"},
        "results": {"tool": "promptfoo", "files": "promptfoo/promptfoo.db"},
        "tasks": {
            "tool": "lm_eval",
            "files": ["lm_eval/*/samples_*.jsonl", "lm_eval/*/results_*.json"],
        },
        "batch": {
            "tool": "openai_batch",
            "files": [
                f"openai_batch/batch_{n}.jsonl" for n in ("input", "output", "error")
            ],
        },
    }
    building.write(root, "histories.yml", json.dumps({"sources": histories}))
    good(building.build(root))
    good(building.materialize(root))
    found = Counter(
        (row["meta_small"]["source_csv"], row["stage"])
        for row in building.documents(root)
    )
    assert found == {
        ("stories", "generation"): 46,
        ("stories", "judgement"): 230,
        ("talks", "generation"): 15,
        ("results", "generation"): 68,
        ("results", "judgement"): 84,
        ("tasks", "generation"): 18,
        ("tasks", "judgement"): 22,
        ("batch", "generation"): 7,
    }
    asked = "select source_csv, reason, count(*) from bad_generations group by 1, 2"
    rejected = {
        (source, reason): amount for source, reason, amount in query(root, asked)
    }
    assert rejected == {
        ("stories", "not_successful"): 12,
        ("stories", "duplicate_row"): 36,  # 6 samples and their scores
        ("stories", "unresolved_target"): 17,  # scores of samples that failed
        ("results", "not_successful"): 16,
        ("batch", "not_successful"): 4,
        ("batch", "no_text"): 2,
    }
    good(building.script(root, "verify_docs.py", "--read-data", "all"))


# Soak ---------------------------------------------------------------------------------

ROUNDS = 4 if SOAK else 1


def run_all(root: Path) -> Process:
    """Build a root, and write its documents, as a user does."""
    script = str(REPOSITORY / "scripts" / "inspect_docs.py")
    environment = building.sharing(root)
    return building.run(root, [sys.executable, script, "run"], environment)


def written(root: Path, before: set[Path]) -> list[Path]:
    """Return what is new, but what a build may leave."""
    left = [root / "docs", building.index(root), building.bad_list(root)]
    return [path for path in left if path.exists() and path not in before]


def check_places(root: Path, sources: list[str]) -> None:
    """Every record of a build is a document or a rejected row, once."""
    with duckdb.connect(str(root / "db/build.duckdb"), read_only=True) as build:
        asked = "select source_csv, row_index from int_records__unioned"
        records = Counter(build.execute(asked).fetchall())
    asked = (
        "select json_extract(meta_small, '$.source_csv'), "
        "json_extract(meta_small, '$.row_index') from documents "
        "union all select source_csv, row_index from bad_generations"
    )
    places = Counter(row for row in query(root, asked) if row[0] in sources)
    assert places == records
    assert set(places.values()) == {1}


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("number", range(ROUNDS))
def test_thousands_of_spoiled_records_end_where_the_contract_says(
    tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(2**32) if SOAK else number
    with capsys.disabled():
        print(f"\nspoiled records of seed {seed}")
    histories, files = history(random.Random(seed), 1300)
    root = make(tmp_path / "root", histories, files)
    check_places(root, list(histories["sources"]))
    assert list(disagreements(root, histories, files)) == [], seed


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("number", range(ROUNDS))
@pytest.mark.parametrize("is_whole", [True, False])
def test_spoiled_files_of_tools_are_read_or_refused_by_name(
    tmp_path: Path, number: int, is_whole: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record of them is spoiled often, a file as a whole if not `is_whole`."""
    seed = random.randrange(2**32) if SOAK else number
    with capsys.disabled():
        print(f"\nspoiled files of tools of seed {seed}")
    root = tmp_path / "root"
    rng = random.Random(seed)
    histories = history_tools.write_tools(rng, root, 80)
    if not is_whole:
        history_tools.spoil_file(rng, root)
    write_root(root, histories, {})
    before = set(root.rglob("*"))
    process = run_all(root)
    said = process.stdout + process.stderr
    assert "Traceback" not in said
    assert process.returncode in ((0,) if is_whole else (0, 2)), said
    if process.returncode == 0:
        check_places(root, list(histories["sources"]))
    else:
        assert "nothing was written" in said
        assert not written(root, before)
