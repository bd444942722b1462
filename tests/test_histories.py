"""Other tools' records end in the one place that the contract says, however spoiled."""

import json
import random
import re
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import building
import history_oracle
import history_records
from history_oracle import Document, Place, Record

Row = dict[str, Any]
PLACE = re.compile(r"(.*?), record ([0-9.]+): ", re.DOTALL)


def write_root(root: Path, histories: Row, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    # JSON is YAML.
    (root / "histories.yml").write_text(json.dumps(histories, indent=1))


def rejected(root: Path) -> list[Row]:
    names = [n for (n,) in building.query(
        root, "select name from pragma_table_info('bad_generations')"
    )]
    rows = building.query(root, "select * from bad_generations")
    return [dict(zip(names, row, strict=True)) for row in rows]


def place_of(bad: Row) -> Place:
    found = PLACE.match(bad["detail"])
    assert found, bad
    return bad["source_csv"], found[1], found[2]


def place_of_document(document: Row) -> Place:
    meta = document["meta_small"]
    return meta["source_csv"], meta["file"], meta["position"]


def compare(root: Path, histories: Row, files: dict[str, bytes], tables: list[Document]):
    found = {
        place_of_document(d): d
        for d in building.documents(root)
        if d["meta_small"]["source_csv"] in histories["sources"]
    }
    bad = {place_of(b): b for b in rejected(root) if b["source_csv"] in histories["sources"]}
    ids = {p: d["row_key"].partition(":")[2] for p, d in found.items()}
    ids |= {p: b["row_key"].partition(":")[2] for p, b in bad.items() if b["row_key"]}
    records = history_oracle.expected(histories, files, ids, tables)
    wanted = {r.place: r for r in records}
    faults = []
    for place in sorted(found.keys() & bad.keys()):
        faults.append(f"{place} is in two places")
    for place in sorted(wanted.keys() - found.keys() - bad.keys()):
        faults.append(f"{place} is lost: {wanted[place]}")
    for place in sorted((found.keys() | bad.keys()) - wanted.keys()):
        faults.append(f"{place} is no record: {found.get(place) or bad.get(place)}")
    links = {}
    for doc_id, role, position, key in building.query(
        root,
        "select l.doc_id, role, position, d.row_key from document_links l "
        "join documents d on d.doc_id = linked_doc_id order by 1, 2, 3",
    ):
        links.setdefault(doc_id, []).append((role, position, key))
    for place, record in wanted.items():
        if record.reason is None and place in bad:
            faults.append(f"{place}: wanted a document, got {bad[place]['reason']}: {bad[place]['detail']!r}\n    {record}")
        elif record.reason is not None and place in found:
            faults.append(f"{place}: wanted {record.reason}, got a document {found[place]}\n    {record}")
        elif place in bad and record.reason != bad[place]["reason"]:
            faults.append(f"{place}: wanted {record.reason}, got {bad[place]['reason']} {bad[place]['detail']!r}\n    {record}")
        elif place in found:
            doc = found[place]
            folder = root / "docs" / doc["doc_dir"]
            raw = (folder / "raw.txt").read_bytes()
            prompt = folder / "prompt.txt"
            have = described(doc, raw, prompt.read_bytes() if prompt.exists() else None, links.get(doc["doc_id"], []))
            want = wanted_of(record)
            for key in want:
                if repr(have[key]) != repr(want[key]):
                    faults.append(f"{place} {key}: wanted {want[key]!r}, got {have[key]!r}")
    return faults, records


def described(doc, raw, prompt, links):
    meta = doc["meta_small"]
    return {
        "row_key": doc["row_key"], "task_id": doc["task_id"], "combo_id": meta["combo_id"],
        "template_id": doc["template_id"], "model_id": doc["model_id"], "stage": doc["stage"],
        "created_at": doc["created_at"], "created_from": meta["created_from"], "raw": raw,
        "prompt": prompt, "score": doc["score"], "score_text": meta.get("score_text"),
        "links": links, "logical_key_id": doc["logical_key_id"], "doc_id": doc["doc_id"],
        "parent_doc_id": doc["parent_doc_id"], "run": meta.get("origin_run_id"), "meta": meta.get("meta"),
        "raw_bytes": doc["raw_bytes"], "raw_chars": doc["raw_chars"], "content_hash": doc["content_hash"],
    }


def wanted_of(r: Record):
    raw = r.raw or b""
    return {
        "row_key": r.row_key, "task_id": r.task_id, "combo_id": r.combo_id,
        "template_id": r.template_id, "model_id": r.model_id, "stage": r.stage,
        "created_at": r.created_at, "created_from": r.created_from, "raw": raw,
        "prompt": None if r.prompt is None else r.prompt.encode(), "score": r.shown_score, "score_text": r.score_text,
        "links": r.targets, "logical_key_id": r.logical_key_id, "doc_id": r.doc_id,
        "parent_doc_id": r.parent_doc_id, "run": r.run,
        "meta": None if r.meta is None else json.loads(history_oracle.compact(r.meta)),
        "raw_bytes": len(raw), "raw_chars": len(raw.decode()), "content_hash": sha256(raw).hexdigest(),
    }
