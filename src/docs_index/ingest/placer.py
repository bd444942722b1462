"""Put documents' directories on disk, a batch at a time, in processes of their own.

Each process looks up in the build what it is to write: only write orders and outcomes
pass between it and its parent. How a directory gets its name is
`disk.directories`; what is there already is never touched. No index is opened here.
"""

import functools
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import duckdb

from docs_index.disk.confined import Folder, UnusableError
from docs_index.disk.directories import Staging, opened_staging, sync_file_system
from docs_index.layout import RESPONSES
from docs_index.paths import is_link
from docs_index.quoting import literal
from docs_index.resources import sql
from docs_index.warehouse.parsers import parser_of

Outcome = Literal["placed", "found", "directory_conflict", "response_changed"]
Contents = dict[str, bytes]


class Planned(NamedTuple):
    """One row of the model document_files that will become a directory."""

    write_order: int
    doc_id: str
    doc_dir: str
    folder: str | None
    response_file: str | None
    prompt_file: str | None
    prompt_hash: str | None
    parser: str | None
    parsed_chars: int | None
    parsed_from: int | None
    parsed_bytes: int | None
    parsed_text: str | None
    content_hash: str
    metadata_text: str
    record_number: int | None = None


class Texts(NamedTuple):
    """The texts of a record of a history, which are in the build."""

    raw: str
    prompt: str | None


class Placed(NamedTuple):
    """What became of a document; `detail` says why it was not placed."""

    document: Planned
    outcome: Outcome
    detail: str | None = None


class Batch(NamedTuple):
    """What became of the documents from one write order to another.

    `failed` are (write_order, outcome, detail) of those that were not placed.
    """

    first: int
    last: int
    outcomes: Counter[Outcome]
    failed: list[tuple[int, Outcome, str | None]]


@dataclass(frozen=True)
class Placer:
    """What all documents of a run have in common; with `dry_run` nothing is written."""

    build: str
    data_root: str
    docs: str
    unpublished: str
    max_bytes: int
    parser_sql: str
    link: bool
    dry_run: bool

    def place(self, places: Sequence[int]) -> Batch:
        """Write a batch; the directories are durable when this returns.

        Raises:
            OSError: the file system failed; every directory is complete or absent.
        """
        documents = _documents(self.build, places)
        results = self._place(documents, _texts(self.build, documents))
        return Batch(
            first=places[0],
            last=places[-1],
            outcomes=Counter(result.outcome for result in results),
            failed=[
                (result.document.write_order, result.outcome, result.detail)
                for result in results
                if result.outcome not in ("placed", "found")
            ],
        )

    def _place(
        self, documents: Sequence[Planned], texts: Mapping[int, Texts]
    ) -> list[Placed]:
        if self.dry_run:
            return [self._foreseen(document, texts) for document in documents]
        results: list[Placed] = []
        written: list[Planned] = []
        unparsed: list[tuple[Planned, Contents]] = []
        with opened_staging(self.unpublished) as staging:
            for document in documents:
                try:
                    contents = self._contents(document, texts)
                except UnusableError as error:
                    results.append(self._not_ingested(document, error))
                    continue
                if document.parsed_chars is None or "parsed.txt" in contents:
                    self._write(staging, document, contents)
                    written.append(document)
                else:
                    unparsed.append((document, contents))
            for document, contents in self._parsed(unparsed):
                self._write(staging, document, contents)
                written.append(document)
            sync_file_system(self.unpublished)
            results += [self._publish(staging, document) for document in written]
            sync_file_system(self.docs)
        return results

    def _foreseen(self, document: Planned, texts: Mapping[int, Texts]) -> Placed:
        """Say what would become of a document."""
        try:
            self._contents(document, texts)
        except UnusableError as error:
            return self._not_ingested(document, error)
        return self._look_for(document) or Placed(document, "placed")

    def _not_ingested(self, document: Planned, error: UnusableError) -> Placed:
        found = self._look_for(document)
        return found or Placed(document, "response_changed", str(error))

    def _contents(self, document: Planned, texts: Mapping[int, Texts]) -> Contents:
        """Return what the build saw; anything else is not ingested.

        parsed.txt is among it if the build has said where or what it is.
        """
        if document.record_number is not None:
            contents = _inline(texts[document.record_number])
        else:
            contents = self._read(document)
        contents["metadata.json"] = document.metadata_text.encode()
        raw = contents["raw.txt"]
        if document.parser is None:
            contents["parsed.txt"] = raw
        elif document.parsed_text is not None:
            contents["parsed.txt"] = document.parsed_text.encode()
        elif document.parsed_from is not None and document.parsed_bytes is not None:
            end = document.parsed_from + document.parsed_bytes
            contents["parsed.txt"] = raw[document.parsed_from : end]
        return contents

    def _read(self, document: Planned) -> Contents:
        assert document.folder is not None and document.response_file is not None
        contents = {
            "raw.txt": self._read_unchanged(
                document.folder, document.response_file, document.content_hash
            )
        }
        if document.prompt_file is not None:
            contents["prompt.txt"] = self._read_unchanged(
                RESPONSES, document.prompt_file, document.prompt_hash
            )
        return contents

    def _read_unchanged(self, name: str, path: str, content_hash: str | None) -> bytes:
        folder = _folder(f"{self.data_root}/{name}", self.max_bytes)
        try:
            content = folder.read_bytes(path)
        except UnusableError as error:
            raise UnusableError(f"{name}/{path}: {error}, since the build") from error
        if hashlib.sha256(content).hexdigest() != content_hash:
            raise UnusableError(f"{name}/{path} has changed since the build")
        return content

    def _parsed(
        self, unparsed: Sequence[tuple[Planned, Contents]]
    ) -> Sequence[tuple[Planned, Contents]]:
        """Add the parsed.txt that the build's own parser finds."""
        texts = [(str(each.parser), files["raw.txt"]) for each, files in unparsed]
        parsed_texts = parser_of(self.parser_sql).parse(texts) if texts else []
        for (_, contents), parsed in zip(unparsed, parsed_texts, strict=True):
            assert parsed is not None, "the build parsed these very bytes"
            contents["parsed.txt"] = parsed.encode()
        return unparsed

    def _write(self, staging: Staging, document: Planned, contents: Contents) -> None:
        """Write a document's directory, in a key's directory of its own."""
        links = {}
        if self.link and contents.get("parsed.txt") == contents["raw.txt"]:
            contents = {k: v for k, v in contents.items() if k != "parsed.txt"}
            links = {"parsed.txt": "raw.txt"}
        staging.write(_staged(document), contents, links=links)

    def _publish(self, staging: Staging, document: Planned) -> Placed:
        if staging.publish(_staged(document), f"{self.docs}/{document.doc_dir}"):
            return Placed(document, "placed")
        return self._look_for(document) or _conflict(document, "is below a file")

    def _look_for(self, document: Planned) -> Placed | None:
        """Accept a directory that is there already if its hash is right."""
        final = f"{self.docs}/{document.doc_dir}"
        if is_link(os.path.dirname(final)):
            return _conflict(document, "is below a link")
        try:
            if not stat.S_ISDIR(os.lstat(final).st_mode):
                return _conflict(document, "is not a directory")
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            return _conflict(document, "is below a file")
        try:
            found = Folder(final, self.max_bytes).read_bytes("raw.txt")
        except UnusableError as error:
            return _conflict(document, f"has no usable raw.txt: {error}")
        if hashlib.sha256(found).hexdigest() != document.content_hash:
            return _conflict(document, "holds another raw.txt")
        return Placed(document, "found")


def _conflict(document: Planned, what: str) -> Placed:
    detail = f"docs/{document.doc_dir} {what}; it was left as it is"
    return Placed(document, "directory_conflict", detail)


def _inline(texts: Texts) -> Contents:
    contents = {"raw.txt": texts.raw.encode()}
    if texts.prompt is not None:
        contents["prompt.txt"] = texts.prompt.encode()
    return contents


def _staged(document: Planned) -> str:
    return f"{document.doc_id}/{document.doc_id}"


def _documents(build: str, places: Sequence[int]) -> list[Planned]:
    """Return the documents of these write orders, which ascend."""
    listed = ",".join(map(str, places))
    rows = _opened_build(build).execute(
        sql("ingest/planned_documents.sql"),
        {"first": places[0], "last": places[-1], "listed": listed},
    )
    documents = list(map(Planned._make, rows.fetchall()))
    assert len(documents) == len(places), (
        "another build has replaced the one of the plan"
    )
    return documents


def _texts(build: str, documents: Sequence[Planned]) -> dict[int, Texts]:
    """Return the texts of those documents that are made from records of histories."""
    numbers = [
        document.record_number
        for document in documents
        if document.record_number is not None
    ]
    if not numbers:
        return {}
    rows = _opened_build(build).execute(
        sql("ingest/texts_of_records.sql"),
        {
            "first": min(numbers),
            "last": max(numbers),
            "listed": ",".join(map(str, numbers)),
        },
    )
    return {number: Texts(raw, prompt) for number, raw, prompt in rows.fetchall()}


@functools.cache
def _opened_build(path: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1, "memory_limit": "500MB"})
    connection.execute(f"attach {literal(path)} as build (read_only)")
    return connection


@functools.cache
def _folder(path: str, max_bytes: int) -> Folder:
    return Folder(path, max_bytes)
