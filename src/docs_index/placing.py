"""Put documents' directories on disk, a batch at a time, in processes of their own.

A directory appears under its final name only when it is complete and on the disk:
it is written beside, synced, and renamed. What is there already is never touched.
Run as `python -m docs_index.placing`, by `Workers` alone; it ends with its parent.
"""

import ctypes
import errno
import functools
import hashlib
import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docs_index.parsing import TextParser
from docs_index.responses import Folder, UnusableError

Outcome = Literal["placed", "found", "directory_conflict", "response_changed"]


@dataclass(frozen=True)
class Document:
    """One row of the model document_files that is to become a directory."""

    place: int
    doc_id: str
    doc_dir: str
    folder: str
    response_file: str
    prompt_file: str | None
    prompt_hash: str | None
    parser: str | None
    parsed_chars: int | None
    content_hash: str
    metadata_text: str


@dataclass(frozen=True)
class Placed:
    """What became of a document; `detail` says why it was not placed."""

    place: int
    doc_id: str
    outcome: Outcome
    detail: str | None = None


@dataclass(frozen=True)
class Placer:
    """What all documents of a run have in common; with `dry_run` nothing is written."""

    data_root: Path
    docs: Path
    unpublished: Path
    max_bytes: int
    parser_sql: str
    link: bool
    dry_run: bool

    def place(self, documents: Sequence[Document]) -> list[Placed]:
        """Place a batch; the directories are durable when this returns.

        Raises:
            OSError: the file system failed; every directory is complete or absent.
        """
        results: list[Placed] = []
        ready: list[tuple[Document, dict[str, bytes]]] = []
        for document in documents:
            found = self._look_for(document)
            if found is not None:
                results.append(found)
                continue
            try:
                ready.append((document, self._read(document)))
            except UnusableError as error:
                results.append(Placed(document.place, document.doc_id, "response_changed", str(error)))
        if not self.dry_run:
            self._parse(ready)
            for document, contents in ready:
                self._write(document, contents)
            _sync(self.unpublished)
        for document, _ in ready:
            results.append(self._publish(document))
        if not self.dry_run:
            _sync(self.docs)
        return results

    def _look_for(self, document: Document) -> Placed | None:
        """Take a directory that is there as it is, if its hash is right."""
        final = self.docs / document.doc_dir
        try:
            if not stat.S_ISDIR(os.lstat(final).st_mode):
                return _conflict(document, "is no directory")
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            return _conflict(document, "stands below a file")
        try:
            found = Folder(str(final), self.max_bytes).read("raw.txt").content
        except UnusableError as error:
            return _conflict(document, f"has no usable raw.txt: {error}")
        if hashlib.sha256(found).hexdigest() != document.content_hash:
            return _conflict(document, "holds another raw.txt")
        return Placed(document.place, document.doc_id, "found")

    def _read(self, document: Document) -> dict[str, bytes]:
        """Read what the build saw; anything else is not ingested."""
        contents = {
            "raw.txt": self._read_unchanged(
                document.folder, document.response_file, document.content_hash
            ),
            "metadata.json": document.metadata_text.encode(),
        }
        if document.prompt_file is not None:
            contents["prompt.txt"] = self._read_unchanged(
                "3_generation", document.prompt_file, document.prompt_hash
            )
        return contents

    def _read_unchanged(self, name: str, path: str, content_hash: str | None) -> bytes:
        folder = _folder(f"{self.data_root}/{name}", self.max_bytes)
        try:
            content = folder.read(path).content
        except UnusableError as error:
            raise UnusableError(f"{name}/{path}: {error}, since the build") from error
        if hashlib.sha256(content).hexdigest() != content_hash:
            raise UnusableError(f"{name}/{path} has changed since the build")
        return content

    def _parse(self, ready: Sequence[tuple[Document, dict[str, bytes]]]) -> None:
        """Add parsed.txt: what the build's own parser makes of the same bytes."""
        parsing = []
        for document, contents in ready:
            if document.parser is None:
                contents["parsed.txt"] = contents["raw.txt"]
            elif document.parsed_chars is not None:
                parsing.append((document.parser, contents))
        if not parsing:
            return
        texts = [(parser, contents["raw.txt"].decode()) for parser, contents in parsing]
        parsed_texts = _text_parser(self.parser_sql).parse(texts)
        for (_, contents), parsed in zip(parsing, parsed_texts, strict=True):
            assert parsed is not None, "the build parsed these very bytes"
            contents["parsed.txt"] = parsed.encode()

    def _write(self, document: Document, contents: dict[str, bytes]) -> None:
        folder = f"{self.unpublished}/{document.doc_id}"
        os.mkdir(folder)
        for name, content in contents.items():
            if name == "parsed.txt" and self.link and content == contents["raw.txt"]:
                os.link(f"{folder}/raw.txt", f"{folder}/{name}")
            else:
                _write_file(f"{folder}/{name}", content)

    def _publish(self, document: Document) -> Placed:
        if self.dry_run:
            return Placed(document.place, document.doc_id, "placed")
        final = f"{self.docs}/{document.doc_dir}"
        os.makedirs(os.path.dirname(final), exist_ok=True)
        try:
            os.rename(f"{self.unpublished}/{document.doc_id}", final)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            shutil.rmtree(f"{self.unpublished}/{document.doc_id}")
            return self._look_for(document) or _conflict(document, "came and went")
        return Placed(document.place, document.doc_id, "placed")


def _conflict(document: Document, what: str) -> Placed:
    detail = f"docs/{document.doc_dir} {what}; it was left as it is"
    return Placed(document.place, document.doc_id, "directory_conflict", detail)


def _write_file(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        written = 0
        while written < len(content):
            written += os.write(descriptor, memoryview(content)[written:])
    finally:
        os.close(descriptor)


@functools.cache
def _folder(path: str, max_bytes: int) -> Folder:
    return Folder(path, max_bytes)


@functools.cache
def _text_parser(expression: str) -> TextParser:
    return TextParser(expression)


def _sync(folder: Path) -> None:
    """Flush the file system that a folder is on; one call a batch, not one a file."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "syncfs"):
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
