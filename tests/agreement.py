"""Hold what a build makes of a data root against what the oracle says."""

import csv
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import oracle
from harness import Built, Models
from hypothesis import strategies as st
from roots import DataRoot, write_root

from docs_index.disk.confined import Folder
from docs_index.warehouse.parsers import TextParser

INDEX_COLUMNS = [
    "doc_id", "logical_key_id", "stage", "task_id", "parent_doc_id", "template_id",
    "model_id", "run_id", "row_key", "parser", "status", "created_at", "doc_dir",
    "raw_bytes", "raw_chars", "parsed_chars", "content_hash", "score",
    "meta_small",
]  # fmt: skip
BAD_COLUMNS = [
    "source_csv", "row_index", "row_key", "task_id", "reason", "detail", "combo_id",
    "template_id", "model_id", "timestamp", "response_file", "logical_key_id", "run_id",
]  # fmt: skip
RUN_IDS = {"3_generation": "backfill", "4_evaluation": "it's|2"}

Row = dict[str, Any]


@contextmanager
def written_root(description: DataRoot) -> Iterator[Path]:
    """Put a data root on disk, in a folder whose name is as odd as the rest."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "it's [a] *root?")
        root.mkdir()
        write_root(description, root)
        yield root


def build(models: Models, root: Path, description: DataRoot) -> Built:
    return models.build(
        root,
        run_id=RUN_IDS[description.evaluation_root],
        evaluation_root=description.evaluation_root,
        max_response_bytes=description.max_response_bytes,
    )


def ask_oracle(root: Path, description: DataRoot) -> oracle.Expected:
    return oracle.expected(
        root,
        run_id=RUN_IDS[description.evaluation_root],
        evaluation_root=description.evaluation_root,
        max_response_bytes=description.max_response_bytes,
    )


class Plan(NamedTuple):
    """A random repair; numbers choose its row and its document."""

    action: str
    row: int
    document: int
    name: str
    is_by_place: bool


PLANS = st.builds(
    Plan,
    action=st.sampled_from(list(oracle.REPAIRED)),
    row=st.integers(0, 50),
    document=st.integers(0, 50),
    name=st.sampled_from(["task_id", "row_key", "doc_id"]),
    is_by_place=st.booleans(),
)


def planned_repair(plan: Plan, unrepaired: oracle.Expected) -> list[Row]:
    """Return the repair of a plan, None if there is no row or document for it."""
    rows = [*unrepaired.documents, *unrepaired.bad]
    documents = unrepaired.documents
    if plan.action != "ignore":
        suited = oracle.REPAIRED[plan.action]
        rows = [each for each in rows if each["source_csv"] in suited]
        rows = [
            each
            for each in rows
            if (each.get("reason") == "invalid_timestamp")
            == (plan.action == "set_timestamp")
            and (each["row_key"] or plan.action == "set_timestamp")
        ]
        parents = {"set_parent": ["draft"], "set_target": ["draft", "essay"]}
        stages = parents.get(plan.action, ["draft", "essay", "evaluation"])
        documents = [each for each in documents if each["stage"] in stages]
    if not rows or not documents:
        return []
    row = rows[plan.row % len(rows)]
    document = documents[plan.document % len(documents)]
    value = document[plan.name]
    if plan.action == "set_response_file":
        value = document["meta_small"]["response_file"]
    if plan.action == "set_timestamp":
        value = document["created_at"]
    columns = ["row_key"]
    if plan.is_by_place or not row["row_key"]:
        columns = ["row_index", "task_id"]
    named = {name: row[name] for name in ("source_csv", *columns)}
    return [named | {"action": plan.action, "value": value, "reason": 'it "is"\n'}]


def write_repairs(root: Path, plans: list[Plan], unrepaired: oracle.Expected) -> None:
    repairs = [each for plan in plans for each in planned_repair(plan, unrepaired)]
    names = ["source_csv", "row_key", "row_index", "task_id", "action", "value"]
    path = root / "7_cross_experiment/generation_repairs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, [*names, "reason", "by"], quoting=csv.QUOTE_ALL, lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(repairs)


def by(key: str, rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row[key])


def without(row: Row, *columns: str) -> Row:
    return {name: value for name, value in row.items() if name not in columns}


def check_documents(built: Built, wanted: oracle.Expected) -> None:
    found = [
        row | {"meta_small": json.loads(row["meta_small"])} for row in built.documents
    ]
    extra = ("source_csv", "row_index", "parsed", "prompt")
    due = [without(document, *extra) for document in wanted.documents]
    assert by("doc_id", found) == by("doc_id", due)
    assert all(list(row) == INDEX_COLUMNS for row in built.documents)


def check_bad(built: Built, wanted: oracle.Expected) -> None:
    found = by("row_index", by("source_csv", built.bad))
    due = by("row_index", by("source_csv", wanted.bad))
    assert [without(row, "detail") for row in found] == due
    assert all(list(row) == BAD_COLUMNS for row in found)
    assert all(row["detail"].strip() for row in found)


def check_files(built: Built, wanted: oracle.Expected, root: Path, limit: int) -> None:
    """What document_files says to write is what the oracle expects."""
    files = {row["doc_id"]: row for row in built.files}
    assert len(files) == len(built.files) == len(wanted.documents)
    parsers = TextParser(built.parser_sql)
    for document in wanted.documents:
        row = files[document["doc_id"]]
        assert (row["doc_dir"], row["parser"]) == (
            document["doc_dir"],
            document["parser"],
        )
        folder = Folder(f"{root}/{row['folder']}", limit)
        response = folder.read(row["response_file"])
        assert sha256(response.content).hexdigest() == document["content_hash"]
        prompt = row["prompt_file"] and folder.read(row["prompt_file"]).content
        assert prompt == document["prompt"]
        parsed: list[str | None] = [response.text]
        if row["parser"]:
            parsed = parsers.parse([(row["parser"], response.content)])
        assert parsed == [document["parsed"]]
        if row["parsed_from"] is not None:
            end = row["parsed_from"] + row["parsed_bytes"]
            parsed = [response.content[row["parsed_from"] : end].decode()]
        assert parsed == [document["parsed"]]
        if row["parsed_text"] is not None:
            assert row["parsed_text"] == document["parsed"]


def check_order(built: Built) -> None:
    """No two documents share a write order, and parents precede their descendants."""
    orders = {row["doc_id"]: row["write_order"] for row in built.files}
    assert len(set(orders.values())) == len(orders)
    for row in built.documents:
        if row["parent_doc_id"]:
            assert orders[row["parent_doc_id"]] < orders[row["doc_id"]]


def check_metadata(built: Built) -> None:
    index = {row["doc_id"]: row for row in built.documents}
    for row in built.files:
        own = index[row["doc_id"]]
        text = row["metadata_text"]
        metadata = json.loads(text)
        assert metadata == without(own, "meta_small") | json.loads(own["meta_small"])
        assert list(metadata) == sorted(metadata)
        first, *fields, last, after = text.split("\n")
        assert (first, last, after) == ("{", "}", "")
        assert len(fields) == len(metadata)
        assert all(field.startswith('  "') for field in fields)


def check(built: Built, wanted: oracle.Expected, root: Path, limit: int) -> None:
    check_documents(built, wanted)
    check_bad(built, wanted)
    assert built.counters == wanted.counters
    check_files(built, wanted, root, limit)
    check_order(built)
    check_metadata(built)
