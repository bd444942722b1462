"""A script as a good engineer writes it in an evening: the second baseline.

It decides as `plain_script` does, and imports what is the same. It is quicker where
that is easy: SQLite's write-ahead log, a statement that is a commit for each row, three
look-up indexes, searches in sorted lists, few system calls a file. It keeps as few
promises.
"""

import json
import os
import sqlite3
from bisect import bisect_right, insort_right
from datetime import datetime
from operator import itemgetter
from pathlib import Path

from plain_script import SCHEMA, Dated, Importer, Parsed, Record, Row, prompt_name, run

INSERT = f"insert or replace into documents values ({', '.join('?' * 17)})"
TIME = itemgetter(0)


def read_bytes(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def write_bytes(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


class LeanImporter(Importer):
    def __init__(self, root: Path, output: Path) -> None:
        super().__init__(root, output)
        self.responses = str(root / "3_generation")
        self.docs = str(output / "docs")
        self.made: set[str] = set()

    def connect(self, path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None)  # a statement is a commit
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = normal")
        db.executescript(SCHEMA)
        return db

    def latest_before(self, candidates: Dated, moment: datetime) -> str:
        place = bisect_right(candidates, moment, key=TIME)
        return candidates[place - 1][1] if place else ""

    def remember(self, known: Dated, moment: datetime, doc_id: str) -> None:
        insort_right(known, (moment, doc_id), key=TIME)

    def read_response(self, row: Row) -> str | None:
        try:
            return read_bytes(f"{self.responses}/{row['response_file']}").decode()
        except (OSError, UnicodeDecodeError):
            return None

    def write_files(self, row: Row, record: Record, text: str, parsed: Parsed) -> None:
        folder = f"{self.docs}/{record['doc_dir']}"
        above = os.path.dirname(folder)
        if above not in self.made:
            os.makedirs(above, exist_ok=True)
            self.made.add(above)
        os.mkdir(folder)
        write_bytes(f"{folder}/raw.txt", text.encode())
        if parsed is not None:
            write_bytes(f"{folder}/parsed.txt", parsed.encode())
        if row["source"] == "link":
            self.copy_prompt(row, folder)
        metadata = json.dumps({**row, **record}).encode()
        write_bytes(f"{folder}/metadata.json", metadata)

    def copy_prompt(self, row: Row, folder: str) -> None:
        try:
            prompt = read_bytes(f"{self.responses}/{prompt_name(row)}")
        except FileNotFoundError:
            return
        write_bytes(f"{folder}/prompt.txt", prompt)

    def insert(self, record: Record) -> None:
        self.db.execute(INSERT, tuple(record.values()))


if __name__ == "__main__":
    run(LeanImporter)
