"""Write documents' directories in batches, in worker processes.

Each worker reads its documents from the build: it gets only their write orders, and
returns only their outcomes. `disk.directories` publishes the directories. An existing
directory is never changed. This module opens no index.
"""

import functools
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import duckdb

from docs_index.disk.confined import Folder, UnusableError
from docs_index.disk.directories import Staging, opened_staging, sync_file_system
from docs_index.layout import RESPONSES
from docs_index.resources import sql
from docs_index.warehouse.parsers import parser_of
from docs_index.warehouse.quoting import literal

Outcome = Literal["placed", "found", "directory_conflict", "response_changed"]
Contents = dict[str, bytes]


class Planned(NamedTuple):
    """One row of the model document_files: a directory to write."""

    write_order: int
    doc_id: str
    doc_dir: str
    folder: str
    response_file: str
    prompt_file: str | None
    prompt_hash: str | None
    parser: str | None
    parsed_chars: int | None
    parsed_from: int | None
    parsed_bytes: int | None
    parsed_text: str | None
    content_hash: str
    metadata_text: str


class Result(NamedTuple):
    """The outcome for one document; `detail` says why it was not written."""

    document: Planned
    outcome: Outcome
    detail: str | None = None


class Batch(NamedTuple):
    """The outcomes for the documents of a batch.

    `first` and `last` are its least and greatest write order. `failed` has
    (write_order, outcome, detail) of the documents that were not written.
    """

    first: int
    last: int
    outcomes: Counter[Outcome]
    failed: list[tuple[int, Outcome, str | None]]


@dataclass(frozen=True)
class Placer:
    """Writes the directories of one run; with `dry_run` it writes nothing.

    `build` is the path of the build, `docs` and `unpublished` the folders to write to.
    A file of more than `max_bytes` is refused. `parser_sql` is the build's parser. With
    `link`, parsed.txt is a hard link to raw.txt if both are equal.
    """

    build: str
    data_root: str
    docs: str
    unpublished: str
    max_bytes: int
    parser_sql: str
    link: bool
    dry_run: bool

    def write(self, write_orders: Sequence[int]) -> Batch:
        """Write a batch; the directories are durable when this returns.

        Raises:
            OSError: the file system failed; every directory is complete or absent.
        """
        results = self._write_batch(_documents(self.build, write_orders))
        return Batch(
            first=write_orders[0],
            last=write_orders[-1],
            outcomes=Counter(result.outcome for result in results),
            failed=[
                (result.document.write_order, result.outcome, result.detail)
                for result in results
                if result.outcome not in ("placed", "found")
            ],
        )

    def _write_batch(self, documents: Sequence[Planned]) -> list[Result]:
        if self.dry_run:
            return [self._foreseen(document) for document in documents]
        results: list[Result] = []
        written: list[Planned] = []
        unparsed: list[tuple[Planned, Contents]] = []
        with opened_staging(self.unpublished) as staging:
            for document in documents:
                try:
                    contents = self._read(document)
                except UnusableError as error:
                    results.append(self._not_ingested(document, error))
                    continue
                if document.parsed_chars is None or "parsed.txt" in contents:
                    self._write_directory(staging, document, contents)
                    written.append(document)
                else:
                    unparsed.append((document, contents))
            for document, contents in self._parsed(unparsed):
                self._write_directory(staging, document, contents)
                written.append(document)
            sync_file_system(self.unpublished)
            results += [self._publish(staging, document) for document in written]
            sync_file_system(self.docs)
        return results

    def _foreseen(self, document: Planned) -> Result:
        """Return the outcome that a document would have."""
        try:
            self._read(document)
        except UnusableError as error:
            return self._not_ingested(document, error)
        return self._look_for(document) or Result(document, "placed")

    def _not_ingested(self, document: Planned, error: UnusableError) -> Result:
        found = self._look_for(document)
        return found or Result(document, "response_changed", str(error))

    def _read(self, document: Planned) -> Contents:
        """Return the files of a document; refuse sources that changed since the build.

        parsed.txt is among the files if the build stored it or where it is in raw.txt.
        """
        raw = self._read_unchanged(
            document.folder, document.response_file, document.content_hash
        )
        contents = {"raw.txt": raw, "metadata.json": document.metadata_text.encode()}
        if document.prompt_file is not None:
            contents["prompt.txt"] = self._read_unchanged(
                RESPONSES, document.prompt_file, document.prompt_hash
            )
        if document.parser is None:
            contents["parsed.txt"] = raw
        elif document.parsed_text is not None:
            contents["parsed.txt"] = document.parsed_text.encode()
        elif document.parsed_from is not None and document.parsed_bytes is not None:
            end = document.parsed_from + document.parsed_bytes
            contents["parsed.txt"] = raw[document.parsed_from : end]
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
        """Add the missing parsed.txt, with the build's own parser."""
        texts = [(str(each.parser), files["raw.txt"]) for each, files in unparsed]
        parsed_texts = parser_of(self.parser_sql).parse(texts) if texts else []
        for (_, contents), parsed in zip(unparsed, parsed_texts, strict=True):
            assert parsed is not None, "the build parsed these very bytes"
            contents["parsed.txt"] = parsed.encode()
        return unparsed

    def _write_directory(
        self, staging: Staging, document: Planned, contents: Contents
    ) -> None:
        """Write a document's directory, in a temporary directory for its key."""
        links = {}
        if self.link and contents.get("parsed.txt") == contents["raw.txt"]:
            contents = {k: v for k, v in contents.items() if k != "parsed.txt"}
            links = {"parsed.txt": "raw.txt"}
        staging.write(_staged(document), contents, links=links)

    def _publish(self, staging: Staging, document: Planned) -> Result:
        if staging.publish(_staged(document), f"{self.docs}/{document.doc_dir}"):
            return Result(document, "placed")
        return self._look_for(document) or _conflict(document, "stands below a file")

    def _look_for(self, document: Planned) -> Result | None:
        """Return the outcome for an existing path, found or in conflict; else None."""
        final = f"{self.docs}/{document.doc_dir}"
        if os.path.islink(os.path.dirname(final)):
            return _conflict(document, "stands below a link")
        try:
            if not stat.S_ISDIR(os.lstat(final).st_mode):
                return _conflict(document, "is no directory")
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            return _conflict(document, "stands below a file")
        try:
            found = Folder(final, self.max_bytes).read_bytes("raw.txt")
        except UnusableError as error:
            return _conflict(document, f"has no usable raw.txt: {error}")
        if hashlib.sha256(found).hexdigest() != document.content_hash:
            return _conflict(document, "holds another raw.txt")
        return Result(document, "found")


def _conflict(document: Planned, what: str) -> Result:
    detail = f"docs/{document.doc_dir} {what}; it was left as it is"
    return Result(document, "directory_conflict", detail)


def _staged(document: Planned) -> str:
    return f"{document.doc_id}/{document.doc_id}"


def _documents(build: str, write_orders: Sequence[int]) -> list[Planned]:
    """Return the documents of the given write orders, which are ascending."""
    rows = _opened_build(build).execute(
        sql("ingest/planned_documents.sql"),
        {
            "first": write_orders[0],
            "last": write_orders[-1],
            "listed": ",".join(map(str, write_orders)),
        },
    )
    documents = list(map(Planned._make, rows.fetchall()))
    assert len(documents) == len(write_orders), "the build is not the planned one"
    return documents


@functools.cache
def _opened_build(path: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1, "memory_limit": "200MB"})
    connection.execute(f"attach {literal(path)} as build (read_only)")
    return connection


@functools.cache
def _folder(path: str, max_bytes: int) -> Folder:
    return Folder(path, max_bytes)
