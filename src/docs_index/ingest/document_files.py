"""The files of documents that a build has planned, in the processes that write them.

Each process looks up in the build what it is to write: only write orders and outcomes
pass between it and its parent. What a file's bytes are is decided here alone, for
directories and for shards. Nothing is written.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import duckdb

from docs_index.disk.confined import Folder, UnusableError
from docs_index.disk.threads import OnceAThread
from docs_index.layout import RESPONSES
from docs_index.packs.connecting import connected
from docs_index.quoting import literal
from docs_index.resources import sql
from docs_index.warehouse.parsers import TextParser

Contents = dict[str, bytes]
"""The bytes of each file of a document, by its name."""

AT_ONCE: Final = 500
"""Documents whose texts are in memory together."""


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


@dataclass(frozen=True)
class DocumentFiles:
    """Where the files of a run's documents come from."""

    build: str
    data_root: str
    max_bytes: int
    parser_sql: str

    def planned(self, write_orders: Sequence[int]) -> list[Planned]:
        """Return the documents of these write orders, which ascend."""
        rows = self._rows(write_orders, sql("ingest/planned_documents.sql"))
        documents = list(map(Planned._make, rows.fetchall()))
        _check_number(len(documents), write_orders)
        return documents

    def planned_by_id(self, write_orders: Sequence[int]) -> Iterator[list[Planned]]:
        """Yield the documents in the order of their doc_id, some hundred at a time."""
        query = f"from ({sql('ingest/planned_documents.sql')}) order by doc_id"
        rows = self._rows(write_orders, query)
        count = 0
        while fetched := rows.fetchmany(AT_ONCE):
            yield list(map(Planned._make, fetched))
            count += len(fetched)
        _check_number(count, write_orders)

    def contents(
        self, documents: Sequence[Planned]
    ) -> list[tuple[Planned, Contents | UnusableError]]:
        """Return each document with its files, or with why it is not ingested.

        They are what the build saw; anything else is not ingested.
        """
        texts = self._texts(documents)
        found: list[tuple[Planned, Contents | UnusableError]] = []
        unparsed: list[tuple[Planned, Contents]] = []
        for document in documents:
            try:
                files = self._contents(document, texts)
            except UnusableError as error:
                found.append((document, error))
                continue
            found.append((document, files))
            if document.parsed_chars is not None and "parsed.txt" not in files:
                unparsed.append((document, files))
        self._parse(unparsed)
        return found

    def _contents(self, document: Planned, texts: Mapping[int, Texts]) -> Contents:
        """Return the files; parsed.txt if the build says where or what it is."""
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

    def _parse(self, unparsed: Sequence[tuple[Planned, Contents]]) -> None:
        """Add the parsed.txt that the build's own parser finds."""
        texts = [(str(each.parser), files["raw.txt"]) for each, files in unparsed]
        parsed_texts = _parser(self.parser_sql).parse(texts) if texts else []
        for (_, contents), parsed in zip(unparsed, parsed_texts, strict=True):
            assert parsed is not None, "the build parsed these very bytes"
            contents["parsed.txt"] = parsed.encode()

    def _rows(
        self, write_orders: Sequence[int], query: str
    ) -> duckdb.DuckDBPyConnection:
        return (
            _opened_build(self.build)
            .cursor()
            .execute(
                query,
                {
                    "first": min(write_orders),
                    "last": max(write_orders),
                    "listed": ",".join(map(str, write_orders)),
                },
            )
        )

    def _texts(self, documents: Sequence[Planned]) -> dict[int, Texts]:
        """Return the texts of those documents that are made from records."""
        numbers = [
            document.record_number
            for document in documents
            if document.record_number is not None
        ]
        if not numbers:
            return {}
        rows = self._rows(numbers, sql("ingest/texts_of_records.sql"))
        return {number: Texts(raw, prompt) for number, raw, prompt in rows.fetchall()}


def _inline(texts: Texts) -> Contents:
    contents = {"raw.txt": texts.raw.encode()}
    if texts.prompt is not None:
        contents["prompt.txt"] = texts.prompt.encode()
    return contents


def _check_number(count: int, write_orders: Sequence[int]) -> None:
    assert count == len(write_orders), "another build has replaced the one of the plan"


def forget_folders() -> None:
    """Walk the paths of responses again, as another run may have begun."""
    _folder.forget()


@OnceAThread
def _opened_build(path: str) -> duckdb.DuckDBPyConnection:
    connection = connected()
    connection.execute(f"attach {literal(path)} as build (read_only)")
    return connection


_folder = OnceAThread(Folder)
_parser = OnceAThread(TextParser)
