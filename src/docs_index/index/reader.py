"""Read documents through the index alone: a reader for programs.

    with open_documents("data") as documents:
        draft = documents.latest_by_task("draft", task_id)
        text = documents.read_parsed(draft)

Needs only the standard library and this package: neither dbt nor, unless the layout is
packed, DuckDB. Its SQL is SQLite's, wherever the index rows are. The index is only
read, and may be read during a run; but SQLite first undoes what a killed process had
begun to write, and a user who may not do that reads a copy. A program that has the
index open in DuckDB must not use this module in the same process (see
`warehouse.sqlite_extension`).
"""

import errno
import json
import os
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from docs_index.disk.scratch import scratch_folder
from docs_index.errors import VERIFY, DamagedDocumentError, UnknownDocumentError
from docs_index.index.connection import Index
from docs_index.index.database import (
    check_index,
    damage_persists,
    missing_index,
    reading,
)
from docs_index.index.row import COLUMNS, LATEST_FIRST, Document
from docs_index.index.snapshot import readable_index
from docs_index.index.texts import Texts, checked, opened_texts
from docs_index.layout import Layout, open_filled_layout
from docs_index.resources import sql

_ABSENT = os.strerror(errno.ENOENT)


@dataclass(frozen=True)
class Documents:
    """The documents of one data root; see `open_documents`."""

    layout: Layout
    connection: Index

    def select(self, query: str, *values: object) -> Iterator[Document]:
        """Yield documents; `query` is the part of a query after `from documents`."""
        rows = self.connection.execute(
            f"select {COLUMNS} from documents {query}", values
        )
        return (Document(*row) for row in rows)

    def count(self, condition: str, *values: object) -> int:
        """Return the number of documents that a condition in SQL holds for."""
        query = f"select count(*) from documents where {condition}"
        counted: int = self.connection.execute(query, values).fetchone()[0]
        return counted

    def find(self, doc_id: str) -> Document | None:
        """Return a document by its id, None if it is not in the index."""
        return next(self.select("where doc_id = ?", doc_id), None)

    def known(self, doc_ids: Collection[str]) -> list[str]:
        """Return those of some doc_ids that are in the index."""
        listed = "select ids.value from json_each(:ids) as ids"
        query = f"select doc_id from documents where doc_id in ({listed})"
        found = self.connection.execute(query, {"ids": json.dumps(list(doc_ids))})
        return [doc_id for (doc_id,) in found]

    def get(self, doc_id: str) -> Document:
        """Return a document by its id.

        Raises:
            UnknownDocumentError: it is not in the index.
        """
        document = self.find(doc_id)
        if document is None:
            raise UnknownDocumentError(
                f"there is no document {doc_id!r} in {self.layout.index}"
            )
        return document

    def latest_by_task(self, stage: str, task_id: str) -> Document | None:
        """Return the latest document of a task that parsed, None without one."""
        return next(self._latest("stage = ? and task_id = ?", stage, task_id), None)

    def latest_by_key(self, stage: str, logical_key_id: str) -> Document | None:
        """Return the latest document of a logical key that parsed, as the report does.

        `identity.logical_key_id` makes the key of its parts.
        """
        condition = "stage = ? and logical_key_id = ?"
        return next(self._latest(condition, stage, logical_key_id), None)

    def children(self, doc_id: str) -> list[Document]:
        """Return what was made from a document or judges it, the latest first."""
        linking = "select doc_id from document_links where linked_doc_id = ?"
        query = f"where doc_id in ({linking}) order by {LATEST_FIRST}"
        return list(self.select(query, doc_id))

    def parents(self, doc_id: str) -> list[Document]:
        """Return the parent of a document, the parent's parent, and so on.

        Raises:
            UnknownDocumentError: a document of the chain is not in the index.
        """
        chain: dict[str, Document] = {}
        next_id = self.get(doc_id).parent_doc_id
        while next_id is not None and next_id not in chain:
            chain[next_id] = self.get(next_id)
            next_id = chain[next_id].parent_doc_id
        return list(chain.values())

    def read_raw(self, document: Document) -> str:
        """Return the response unchanged, with its line ends."""
        return self._read(document, "raw")

    def read_parsed(self, document: Document) -> str | None:
        """Return the parsed text, None if the status is `parse_error`."""
        if document.status == "parse_error":
            return None
        return self._read(document, "parsed")

    def read_prompt(self, document: Document) -> str | None:
        """Return the prompt, None if the document has none, as many do."""
        if not self.has_prompt(document):
            return None
        return self._read(document, "prompt")

    def has_prompt(self, document: Document) -> bool:
        """Tell whether a document has a prompt."""
        return self.texts.has(checked(document.doc_dir), "prompt.txt")

    def read_bytes(self, document: Document, part: str) -> bytes:
        """Return the bytes of `raw`, `parsed` or `prompt`.

        Raises:
            DamagedDocumentError: the file is missing or not a regular file, or it or
                one of the document's directories is a link; or a shard is damaged.
            OSError, StorageError: the machine failed; the text may be as it should be.
        """
        doc_dir, name = checked(document.doc_dir), f"{part}.txt"
        content = self.texts.find(doc_dir, name)
        if content is None:
            raise DamagedDocumentError(
                f"{self.texts.path_of(doc_dir, name)}: {_ABSENT}; {VERIFY}"
            )
        return content

    @cached_property
    def texts(self) -> Texts:
        """The files of all documents."""
        return opened_texts(self.layout, self.connection)

    def _read(self, document: Document, part: str) -> str:
        try:
            return self.read_bytes(document, part).decode()
        except UnicodeDecodeError as error:
            path = self.texts.path_of(document.doc_dir, f"{part}.txt")
            raise DamagedDocumentError(f"{path} is not UTF-8; {VERIFY}") from error

    def _latest(self, condition: str, *values: str) -> Iterator[Document]:
        query = f"where {condition} and status = 'ok' order by {LATEST_FIRST} limit 1"
        return self.select(query, *values)


@contextmanager
def open_documents(
    data_root: str | os.PathLike[str] | None = None,
) -> Iterator[Documents]:
    """Open the documents of `data_root`, else of `DATA_ROOT`, else of `data`.

    Raises:
        DocsIndexError: the index is missing, or of another version.
    """
    layout = open_filled_layout(data_root)
    with readable_index(layout) as path, _opened(layout, path) as connection:
        connection.executescript(sql("index/views.sql"))
        yield Documents(layout, connection)


@contextmanager
def _opened(layout: Layout, path: Path) -> Iterator[Index]:
    """Open the index, or a copy of its SQLite file, where its rows are."""
    state = check_index(path)
    if not state.exists:
        raise missing_index(path)
    if state.storage and state.storage.index_format == "parquet":
        with parquet_index(layout, path) as index:
            yield index
    else:
        with reading(path) as connection:
            yield connection


@contextmanager
def parquet_index(layout: Layout, path: Path) -> Iterator[Index]:
    """Open an index whose rows are in Parquet; `path` is its SQLite file, or a copy.

    Raises:
        IndexFileError: the index is damaged.
        StorageError: it cannot be read.
    """
    from docs_index.packs.index_reader import ParquetIndex

    with (
        scratch_folder(layout.root) as spill,
        closing(
            ParquetIndex(layout, path, spill, lambda: damage_persists(path))
        ) as index,
    ):
        yield index
