"""Reads an index over and over until its standard input ends, as other programs would.

Run as `python index_reader.py INDEX MODE`. A look is a query for all documents; those
that were not there before must have their directories. Ends with one line of JSON: the
journal modes seen, how many documents, and what went wrong.
"""

import hashlib
import json
import select
import sqlite3
import sys
from pathlib import Path

QUERY = "select doc_dir, status, content_hash from documents"


class Reader:
    """In mode `kept` with one connection, else a new one for every look."""

    def __init__(self, index: Path, mode: str) -> None:
        self.index = index
        self.docs = index.parent.parent / "docs"
        self.mode = mode
        self.kept: sqlite3.Connection | None = None
        self.known: set[str] = set()
        self.journals: set[str] = set()
        self.faults: list[str] = []

    def look(self) -> None:
        """Ask for all documents, and look for the files of new ones."""
        if not self.index.exists():
            return
        try:
            connection = self.kept or self._connection()
            rows = connection.execute(QUERY).fetchall()
            (journal,) = connection.execute("pragma journal_mode").fetchone()
            if self.mode == "kept":
                self.kept = connection
            else:
                connection.close()
        except sqlite3.Error as error:
            self.faults.append(str(error))
            return
        self.journals.add(journal)
        for doc_dir, status, content_hash in rows:
            if doc_dir not in self.known:
                self.known.add(doc_dir)
                self._check(doc_dir, status, content_hash)

    def _connection(self) -> sqlite3.Connection:
        suffix = "" if self.mode == "plain" else "?mode=ro"
        return sqlite3.connect(f"{self.index.as_uri()}{suffix}", uri=True)

    def _check(self, doc_dir: str, status: str, content_hash: str) -> None:
        folder = self.docs / doc_dir
        due = {"raw.txt", "metadata.json"}
        if status == "ok":
            due.add("parsed.txt")
        found = {path.name for path in folder.glob("*")}
        if not due <= found:
            self.faults.append(f"{doc_dir} has a row, and only {sorted(found)}")
            return
        raw = (folder / "raw.txt").read_bytes()
        if hashlib.sha256(raw).hexdigest() != content_hash:
            self.faults.append(f"{doc_dir} has a row, and another raw.txt")


if __name__ == "__main__":
    reader = Reader(Path(sys.argv[1]), sys.argv[2])
    reader.look()  # at all there is; later looks are at what is new, and short
    print(flush=True)
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        reader.look()
    reader.look()
    print(json.dumps([sorted(reader.journals), len(reader.known), reader.faults]))
