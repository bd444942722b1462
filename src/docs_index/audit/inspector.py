"""Inspect documents and read their texts, in worker processes of the audit.

`Inspector` is what directories and shards have in common; `DirectoryInspector` is that
of directories, `shard_inspector` has that of shards. Results are returned as lines of
JSON, which DuckDB reads as tables. Nothing is written, and no link is followed out of a
folder. If this user may not read something under docs/, its line says so. Any other
failure of the machine is raised, because it does not show what is under docs/.
"""

import functools
import hashlib
import json
import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from docs_index.disk.confined import Folder, TooLargeError, UnusableError, read_file
from docs_index.layout import (
    PACKS,
    RESPONSES,
    LayoutKind,
    is_litter,
    is_stage_folder,
)
from docs_index.paths import is_folder, is_of_a_path, is_real_folder, naming
from docs_index.warehouse.parsers import AnyParser, parser_of
from docs_index.warehouse.session import chunks

_MAX_METADATA_BYTES = 2**27
_CHUNK = 500  # documents in one call of a worker
_CHUNK_BYTES = 32 * 2**20
_MAX_SOURCE_BYTES = 2**40  # no limit: a source is read only if raw.txt is as large


class Wanted(NamedTuple):
    """A document whose sources are inspected; with `is_read` its texts are read too.

    The sizes are those of the files on disk, None for a file that must not be read.
    `response_file` is relative to `folder`, `prompt_file` to 3_generation/. A packed
    document is the row of this number of the shard.
    """

    doc_id: str
    doc_dir: str
    parser: str | None
    raw_bytes: int | None
    parsed_bytes: int | None
    prompt_bytes: int | None
    folder: str | None
    response_file: str | None
    prompt_file: str | None
    is_read: bool
    shard: str | None
    row: int | None

    @property
    def sizes(self) -> dict[str, int | None]:
        """The sizes of its texts."""
        return {
            "raw": self.raw_bytes,
            "parsed": self.parsed_bytes,
            "prompt": self.prompt_bytes,
        }


Line = dict[str, Any]
"""A row of a table, as JSON."""
Texts = Mapping[str, bytes | None]
"""The texts of a document: raw, parsed, prompt."""


@dataclass(frozen=True)
class Inspector(ABC):
    """Inspects the documents of one data root, whose parsers parse raw texts again.

    The parent process asks for the parts and the batches, and workers do the rest.
    """

    data_root: str
    docs: str
    parsers: AnyParser

    @abstractmethod
    def parts(self) -> Iterator[Any]:
        """Yield what one call of `look` takes each."""

    @abstractmethod
    def look(self, part: Any) -> bytes:
        """Return one line per document, and per stray file or folder."""

    def shards(self) -> Iterator[Any]:
        """Yield what one call of `check` takes each."""
        yield from ()

    def check(self, part: Any) -> bytes:
        """Return one line per shard."""
        raise NotImplementedError(part)

    @abstractmethod
    def texts_of(
        self, documents: Sequence[Wanted]
    ) -> Iterator[tuple[Wanted, Texts | None]]:
        """Yield documents with their texts, None if they are not to be read."""

    def batches(self, documents: Iterable[Wanted]) -> Iterator[list[Wanted]]:
        """Yield what one call of `read` takes each; their texts fit into memory."""
        batch: list[Wanted] = []
        size = 0
        for document in documents:
            its_size = sum(each or 0 for each in document.sizes.values())
            is_full = len(batch) == _CHUNK or size + its_size > _CHUNK_BYTES
            if batch and is_full:
                yield batch
                batch, size = [], 0
            batch.append(document)
            size += its_size
        if batch:
            yield batch

    def read(self, documents: Sequence[Wanted]) -> bytes:
        """Return one line per document: sizes and hashes of its texts and sources."""
        found = [self._read(*each) for each in self.texts_of(documents)]
        parsing = [(line, text) for line, text in found if text is not None]
        texts = [(line["parser"], text) for line, text in parsing]
        made = parser_of(self.parsers.expression).parse(texts) if texts else []
        for (line, _), parsed in zip(parsing, made, strict=True):
            line["made_hash"] = None if parsed is None else _sha256(parsed.encode())
        return as_lines(line for line, _ in found)

    def _read(self, document: Wanted, texts: Texts | None) -> tuple[Line, bytes | None]:
        """Return a document's line, and its raw text if it must be parsed."""
        line: Line = {"doc_id": document.doc_id, "parser": document.parser}
        sources = {
            "raw": (document.folder, document.response_file),
            "prompt": (RESPONSES, document.prompt_file),
        }
        for name, (folder, file) in sources.items():
            size = document.sizes[name]
            line |= self._source(name, folder, file, size, document.is_read)
        if None not in sources["raw"] and "raw_source_bytes" not in line:
            line["is_source_missing"] = True
        if texts is None:
            return line, None
        line["is_read"] = True
        text = None
        for name, content in texts.items():
            if content is not None:
                decoded = decoded_text(content)
                line[f"{name}_hash"] = _sha256(content)
                line[f"{name}_chars"] = None if decoded is None else len(decoded)
                if name == "raw" and decoded is not None:
                    text = content
        if document.parser is None:
            return line, None
        line["is_parser_known"] = document.parser in self.parsers.names
        return line, text if line["is_parser_known"] else None

    def _source(
        self,
        name: str,
        folder: str | None,
        file: str | None,
        size: int | None,
        is_read: bool,
    ) -> Line:
        """Return a source's size, and its hash if the copy has the same size."""
        if folder is None or file is None:
            return {}
        source = _folder(f"{self.data_root}/{folder}")
        found: Line = {}
        try:
            found[f"{name}_source_bytes"] = source.size(file)
            if is_read and found[f"{name}_source_bytes"] == size:
                content = source.read(file).content
                found[f"{name}_source_hash"] = _sha256(content)
        except UnusableError:
            return found
        return found


class DirectoryInspector(Inspector):
    """Inspects documents that are directories."""

    def parts(self) -> Iterator[list[str]]:
        """Yield lists of folders of logical keys, and of what is not a stage."""
        yield from chunks(self._keys(), _CHUNK)

    def _keys(self) -> Iterator[str]:
        for name in names_in(self.docs):
            stage = f"{self.docs}/{name}"
            try:
                is_stage = is_stage_folder(self.docs, name) and is_real_folder(stage)
                below = (
                    [f"{name}/{key}" for key in names_in(stage)] if is_stage else None
                )
            except PermissionError:  # `look` reports it
                below = None
            yield from [name] if below is None else below

    def look(self, part: Sequence[str]) -> bytes:
        """Return one line per document's directory, and per stray file or folder."""
        return as_lines(line for key in part for line in self._look_below(key))

    def _look_below(self, key: str) -> Iterator[Line]:
        path = f"{self.docs}/{key}"
        if key == PACKS and is_real_folder(path):
            yield unfinished_repack(key, "directories", "shards are in docs/packs")
            return
        is_key = "/" in key
        try:
            is_stage = is_key or is_stage_folder(self.docs, key)
            is_folder = is_stage and is_real_folder(path)
            names = names_in(path) if is_folder else []
        except PermissionError as error:
            yield no_document(key, error)
            return
        if not is_key or not names:
            yield no_document(key)
            return
        for name in names:
            yield self._look_at(f"{key}/{name}")

    def _look_at(self, doc_dir: str) -> Line:
        path = f"{self.docs}/{doc_dir}"
        try:
            if not is_real_folder(path):
                return no_document(doc_dir)
        except PermissionError as error:
            return no_document(doc_dir, error)
        line: Line = {"path": _shown(doc_dir), "is_document": True}
        try:
            with naming(path), os.scandir(path) as entries:
                named = list(entries)
                found = [_entry(each) for each in named if not is_litter(each.name)]
            if named and not found:  # nothing but litter
                return no_document(doc_dir)
            metadata = None
            if any(entry["name"] == "metadata.json" for entry in found):
                content = _read_file(f"{path}/metadata.json", _MAX_METADATA_BYTES)
                metadata = None if content is None else decoded_text(content)
        except PermissionError as error:
            return line | {"problem": error.strerror}
        return line | {"entries": found, "metadata": metadata}

    def texts_of(
        self, documents: Sequence[Wanted]
    ) -> Iterator[tuple[Wanted, Texts | None]]:
        """Yield documents with their texts, read file by file."""
        for document in documents:
            path = f"{self.docs}/{document.doc_dir}"
            sizes = document.sizes.items()
            yield (
                document,
                {name: _read_text(f"{path}/{name}.txt", size) for name, size in sizes}
                if document.is_read
                else None,
            )


def no_document(path: str, error: OSError | None = None) -> Line:
    """Return the line of something that is not a document."""
    problem = {"problem": error.strerror} if error else {}
    return {"path": _shown(path), "is_document": False} | problem


def unfinished_repack(path: str, kind: LayoutKind, found: str) -> Line:
    """Return the line of documents that are stored in another way than the index says.

    `kind` is what the index says.
    """
    detail = f"the layout is {kind}, but {found}"
    return no_document(path) | {"code": "unfinished_repack", "detail": detail}


def _entry(entry: os.DirEntry[str]) -> Line:
    status = entry.stat(follow_symlinks=False)
    is_file = stat.S_ISREG(status.st_mode)
    return {"name": _shown(entry.name), "is_file": is_file, "bytes": status.st_size}


def _read_text(path: str, size: int | None) -> bytes | None:
    """Return a text of this size; None if it must not or may not be read."""
    try:
        return None if size is None else _read_file(path, size)
    except PermissionError:  # SQL reports it
        return None


def _read_file(path: str, at_most: int) -> bytes | None:
    """Return a regular file's bytes, None if it is none or too large."""
    try:
        return read_file(path, at_most=at_most)
    except TooLargeError:
        return None
    except OSError as error:
        if is_of_a_path(error):
            return None
        raise


def decoded_text(content: bytes) -> str | None:
    """Return a text, None if it is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def names_in(path: str) -> list[str]:
    """Return the names in a folder without litter; of a path of another kind, none."""
    names = os.listdir(path) if is_folder(path) else []
    return sorted(name for name in names if not is_litter(name))


def _shown(name: str) -> str:
    """Return a name as text; a stray file may have any bytes as its name."""
    return name.encode(errors="backslashreplace").decode()


def as_lines(lines: Iterable[Line]) -> bytes:
    """Return lines of JSON."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@functools.cache
def _folder(path: str) -> Folder:
    return Folder(path, _MAX_SOURCE_BYTES)
