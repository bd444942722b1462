"""A script as people write it today: the baseline of the benchmarks.

One pass over each table, plain dicts, three `write_text` a document and one SQLite
commit a row, into a table with the same look-up indexes. It is neither slowed down nor
tuned, and it keeps few of the promises of docs/rules.md: a run that is killed leaves
half a document, a rerun does all work again.
"""

import csv
import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

Row = dict[str, str]
Record = dict[str, str | int | None]
Parsed = str | None
Dated = list[tuple[datetime, str]]  # documents by time; "" is an attempt without one

TABLES = {
    "draft": "draft_generation_results.csv",
    "link": "link_generation_results.csv",
    "essay": "essay_generation_results.csv",
    "evaluation": "evaluation_results.csv",
}
SCHEMA = """
create table if not exists documents (
    doc_id text primary key, logical_key_id text, stage text, task_id text,
    template_id text, model_id text, parent_doc_id text, parser text, status text,
    created_at text, doc_dir text, raw_bytes integer, raw_chars integer,
    parsed_chars integer, content_hash text, row_key text unique, meta_small text);
create index if not exists by_key on documents (logical_key_id, created_at);
create index if not exists by_task on documents (stage, task_id, created_at);
create index if not exists by_parent on documents (parent_doc_id);
"""
BY_CONTENT = """
create index if not exists by_content on documents (content_hash);
"""
ESSAY = re.compile(r"<essay>([\s\S]*?)</essay>", re.IGNORECASE)
SCORE = re.compile(r"SCORE:\s*([0-9](?:\.[0-9]+)?)", re.IGNORECASE)


def read_rows(root: Path, source: str) -> Iterator[Row]:
    kind = "evaluation" if source == "evaluation" else "generation"
    template = (
        "evaluation_template" if kind == "evaluation" else f"{source}_template_id"
    )
    response = "eval_response_file" if kind == "evaluation" else "response_file"
    path = root / "7_cross_experiment" / TABLES[source]
    with path.open(encoding="utf-8", newline="") as file:
        for index, row in enumerate(csv.DictReader(file), start=1):
            yield {
                "source": source,
                "row_index": str(index),
                "task_id": row[f"{source}_task_id"],
                "combo_id": row["combo_id"].strip(),
                "template_id": row[template].strip(),
                "model_id": row[f"{kind}_model"].strip(),
                "status": row[f"{kind}_status"].strip().lower(),
                "timestamp": row[f"{kind}_timestamp"].strip(),
                "response_file": row[response].strip(),
                "target_essay": row["essay_task_id"] if kind == "evaluation" else "",
                "target_draft": row.get("generation_task_id", ""),
            }


def read_parsers(root: Path) -> dict[tuple[str, str], str]:
    parsers = {}
    for source in TABLES:
        path = root / "1_raw" / f"{source}_templates.csv"
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                parsers[source, row["template_id"].strip()] = row["parser"].strip()
    return parsers


def parse_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_text(parser: str, text: str) -> Parsed:
    if parser == "essay_block":
        match = ESSAY.search(text)
        return match.group(1).strip() if match else None
    if parser == "in_last_line":
        lines = [line for line in text.splitlines() if line.strip()][-3:]
        match = SCORE.search("\n".join(lines))
        return f"{float(match.group(1))}\n" if match else None
    return text


def prompt_name(row: Row) -> str:
    return row["response_file"].replace("links_responses", "links_prompts")


def make_id(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


class Importer:
    def __init__(self, root: Path, output: Path) -> None:
        self.root = root
        self.output = output
        self.parsers = read_parsers(root)
        self.drafts: dict[tuple[str, str], Dated] = {}
        self.tasks: dict[tuple[str, str], Dated] = {}
        self.seen: set[tuple[str, ...]] = set()
        (output / "db").mkdir(parents=True, exist_ok=True)
        self.db = self.connect(output / "db" / "documents.sqlite")

    def connect(self, path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path)
        db.executescript(SCHEMA + BY_CONTENT)
        return db

    def check(self, row: Row) -> str:
        if not row["task_id"].strip():
            return "missing_task_id"
        if not (row["template_id"] and row["model_id"]):
            return "missing_key_columns"
        if not row["combo_id"] and row["source"] != "evaluation":
            return "missing_key_columns"
        if row["status"] != "success":
            return "not_successful"
        try:
            parse_time(row["timestamp"])
        except ValueError:
            return "invalid_timestamp"
        values = tuple(value for name, value in row.items() if name != "row_index")
        if values in self.seen:
            return "duplicate_row"
        self.seen.add(values)
        return ""

    def find_parent(self, row: Row, moment: datetime) -> str:
        if row["source"] == "essay":
            key = (row["combo_id"], row["model_id"])
            return self.latest_before(self.drafts.get(key, []), moment)
        essays = self.tasks.get(("essay", row["target_essay"]), [])
        drafts = self.tasks.get(("draft", row["target_draft"]), [])
        return self.latest_before(essays, moment) or self.latest_before(drafts, moment)

    def latest_before(self, candidates: Dated, moment: datetime) -> str:
        best, best_time = "", datetime.min.replace(tzinfo=UTC)
        for time, doc_id in candidates:
            if best_time <= time <= moment:
                best, best_time = doc_id, time
        return best

    def remember(self, known: Dated, moment: datetime, doc_id: str) -> None:
        known.append((moment, doc_id))

    def ingest(self, row: Row) -> str:
        """Make the row's document; return why it has none, or ''."""
        reason = self.check(row)
        if reason:
            return reason
        moment = parse_time(row["timestamp"])
        stage = "draft" if row["source"] == "link" else row["source"]
        text = self.read_response(row)
        parent = "" if stage == "draft" else self.find_parent(row, moment)
        doc_id = ""
        if text is None:
            reason = "missing_response_file"
        elif stage != "draft" and not parent:
            reason = "unresolved_" + ("parent" if stage == "essay" else "target")
        else:
            doc_id = self.write_document(row, stage, parent, moment, text)
            tasks = self.tasks.setdefault((stage, row["task_id"]), [])
            self.remember(tasks, moment, doc_id)
        if stage == "draft":
            key = (row["combo_id"], row["model_id"])
            self.remember(self.drafts.setdefault(key, []), moment, doc_id)
        return reason

    def read_response(self, row: Row) -> str | None:
        path = self.root / "3_generation" / row["response_file"]
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def write_document(
        self, row: Row, stage: str, parent: str, moment: datetime, text: str
    ) -> str:
        key = make_id(
            stage, parent or row["combo_id"], row["template_id"], row["model_id"]
        )
        doc_id = make_id(key, row["source"], row["task_id"], row["timestamp"])
        parser = self.parsers.get((row["source"], row["template_id"]), "")
        parsed = parse_text(parser, text)
        data = text.encode("utf-8")
        record: Record = {
            "doc_id": doc_id,
            "logical_key_id": key,
            "stage": stage,
            "task_id": row["task_id"],
            "template_id": row["template_id"],
            "model_id": row["model_id"],
            "parent_doc_id": parent or None,
            "parser": parser or None,
            "status": "ok" if parsed is not None else "parse_error",
            "created_at": moment.astimezone(UTC).isoformat(),
            "doc_dir": f"{stage}/{key}/{doc_id}",
            "raw_bytes": len(data),
            "raw_chars": len(text),
            "parsed_chars": len(parsed) if parsed is not None else None,
            "content_hash": hashlib.sha256(data).hexdigest(),
            "row_key": ":".join([row["source"], row["task_id"], row["timestamp"]]),
            "meta_small": json.dumps(row),
        }
        self.write_files(row, record, text, parsed)
        self.insert(record)
        return doc_id

    def write_files(self, row: Row, record: Record, text: str, parsed: Parsed) -> None:
        folder = self.output / "docs" / str(record["doc_dir"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "raw.txt").write_text(text, encoding="utf-8")
        if parsed is not None:
            (folder / "parsed.txt").write_text(parsed, encoding="utf-8")
        if row["source"] == "link":
            prompt = self.root / "3_generation" / prompt_name(row)
            if prompt.exists():
                copy = prompt.read_text(encoding="utf-8")
                (folder / "prompt.txt").write_text(copy, encoding="utf-8")
        metadata = json.dumps({**row, **record}, indent=2, sort_keys=True)
        (folder / "metadata.json").write_text(metadata, encoding="utf-8")

    def insert(self, record: Record) -> None:
        marks = ", ".join("?" * len(record))
        values = tuple(record.values())
        self.db.execute(f"insert or replace into documents values ({marks})", values)
        self.db.commit()


def run(importer_of: type[Importer]) -> None:
    if len(sys.argv) != 3:
        sys.exit(f"usage: {Path(sys.argv[0]).name} DATA_ROOT OUTPUT")
    root, output = Path(sys.argv[1]), Path(sys.argv[2])
    importer = importer_of(root, output)
    documents = 0
    bad_path = output / "bad_generations.csv"
    with bad_path.open("w", encoding="utf-8", newline="") as file:
        bad = csv.writer(file)
        bad.writerow(["source_csv", "row_index", "task_id", "reason"])
        for source in TABLES:
            for row in read_rows(root, source):
                reason = importer.ingest(row)
                if reason:
                    bad.writerow([source, row["row_index"], row["task_id"], reason])
                else:
                    documents += 1
    importer.db.close()
    print(f"{documents} documents")


if __name__ == "__main__":
    run(Importer)
