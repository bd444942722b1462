"""Inspect directories and read their files, in worker processes of the audit.

Results are returned as lines of JSON, which DuckDB reads as tables. Nothing is written,
and no link is followed out of a folder. If this user may not read something under
docs/, its line says so. Any other failure of the machine is raised: it says nothing of
what is there.
"""

import functools
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from docs_index.disk.confined import Folder, TooLargeError, UnusableError, read_file
from docs_index.layout import RESPONSES, is_litter, is_stage_folder
from docs_index.paths import is_folder, is_link, is_of_a_path, naming
from docs_index.warehouse.parsers import AnyParser, parser_of

_MAX_METADATA_BYTES = 2**27
_MAX_SOURCE_BYTES = 2**40  # no limit: a source is read only if raw.txt is as large


class Wanted(NamedTuple):
    """A document whose sources are inspected; with `is_read` its texts are read too.

    The sizes are those of the files on disk, None for a file that must not be read.
    `response_file` is relative to `folder`, `prompt_file` to 3_generation/.
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


@dataclass(frozen=True)
class Inspector:
    """Inspects the documents of one data root, whose parsers parse raw texts again."""

    data_root: str
    docs: str
    parsers: AnyParser

    def keys(self) -> Iterator[str]:
        """Yield what is at the depth of logical keys, and what is not a stage."""
        for name in _names(self.docs):
            stage = f"{self.docs}/{name}"
            try:
                is_stage = is_stage_folder(self.docs, name) and _is_folder(stage)
                below = [f"{name}/{key}" for key in _names(stage)] if is_stage else None
            except PermissionError:  # `look` reports it
                below = None
            yield from [name] if below is None else below

    def look(self, keys: Sequence[str]) -> bytes:
        """Return one line per document's directory, and per stray file or folder."""
        return _lines(line for key in keys for line in self._look_below(key))

    def read(self, documents: Sequence[Wanted]) -> bytes:
        """Return one line per document: sizes and hashes of its texts and sources."""
        found = [self._read(document) for document in documents]
        parsing = [(line, text) for line, text in found if text is not None]
        texts = [(line["parser"], text) for line, text in parsing]
        made = parser_of(self.parsers.expression).parse(texts) if texts else []
        for (line, _), parsed in zip(parsing, made, strict=True):
            line["made_hash"] = None if parsed is None else _sha256(parsed.encode())
        return _lines(line for line, _ in found)

    def _look_below(self, key: str) -> Iterator[dict[str, Any]]:
        path = f"{self.docs}/{key}"
        is_key = "/" in key
        try:
            is_stage = is_key or is_stage_folder(self.docs, key)
            is_folder = is_stage and _is_folder(path)
            names = _names(path) if is_folder else []
        except PermissionError as error:
            yield _no_document(key, error)
            return
        if not is_key or not names:
            yield _no_document(key)
            return
        for name in names:
            yield self._look_at(f"{key}/{name}")

    def _look_at(self, doc_dir: str) -> dict[str, Any]:
        path = f"{self.docs}/{doc_dir}"
        try:
            if not _is_folder(path):
                return _no_document(doc_dir)
        except PermissionError as error:
            return _no_document(doc_dir, error)
        line: dict[str, Any] = {"path": _shown(doc_dir), "is_document": True}
        try:
            with naming(path), os.scandir(path) as entries:
                named = list(entries)
                found = [_entry(each) for each in named if not is_litter(each.name)]
            if named and not found:  # nothing but litter
                return _no_document(doc_dir)
            metadata = None
            if any(entry["name"] == "metadata.json" for entry in found):
                content = _read_file(f"{path}/metadata.json", _MAX_METADATA_BYTES)
                metadata = None if content is None else _decoded(content)
        except PermissionError as error:
            return line | {"problem": error.strerror}
        return line | {"entries": found, "metadata": metadata}

    def _read(self, document: Wanted) -> tuple[dict[str, Any], bytes | None]:
        """Return a document's line, and its raw text if it must be parsed."""
        path = f"{self.docs}/{document.doc_dir}"
        line: dict[str, Any] = {"doc_id": document.doc_id, "parser": document.parser}
        sizes = {
            "raw": document.raw_bytes,
            "parsed": document.parsed_bytes,
            "prompt": document.prompt_bytes,
        }
        sources = {
            "raw": (document.folder, document.response_file),
            "prompt": (RESPONSES, document.prompt_file),
        }
        for name, (folder, file) in sources.items():
            line |= self._source(name, folder, file, sizes[name], document.is_read)
        if None not in sources["raw"] and "raw_source_bytes" not in line:
            line["is_source_missing"] = True
        if not document.is_read:
            return line, None
        line["is_read"] = True
        text = None
        for name, size in sizes.items():
            content = _read_text(f"{path}/{name}.txt", size)
            if content is not None:
                decoded = _decoded(content)
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
    ) -> dict[str, Any]:
        """Return a source's size, and its hash if the copy has the same size."""
        if folder is None or file is None:
            return {}
        source = _folder(f"{self.data_root}/{folder}")
        found: dict[str, Any] = {}
        try:
            found[f"{name}_source_bytes"] = source.size(file)
            if is_read and found[f"{name}_source_bytes"] == size:
                content = source.read(file).content
                found[f"{name}_source_hash"] = _sha256(content)
        except UnusableError:
            return found
        return found


def _no_document(path: str, error: OSError | None = None) -> dict[str, Any]:
    problem = {"problem": error.strerror} if error else {}
    return {"path": _shown(path), "is_document": False} | problem


def _entry(entry: os.DirEntry[str]) -> dict[str, Any]:
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


def _decoded(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _names(path: str) -> list[str]:
    names = os.listdir(path) if is_folder(path) else []
    return sorted(name for name in names if not is_litter(name))


def _is_folder(path: str) -> bool:
    return is_folder(path) and not is_link(path)


def _shown(name: str) -> str:
    """Return a name as text; a stray file may have any bytes as its name."""
    return name.encode(errors="backslashreplace").decode()


def _lines(lines: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@functools.cache
def _folder(path: str) -> Folder:
    return Folder(path, _MAX_SOURCE_BYTES)
