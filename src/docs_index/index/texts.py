"""The files of documents, wherever they are: in directories, or in shards.

`opened_texts` chooses by what the index says. Opens nothing outside of `docs/`, and
writes nothing. Directories need the standard library alone; shards need DuckDB, which
is imported when a document of them is first read.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from docs_index.disk.confined import NotRegularError, read_file
from docs_index.errors import VERIFY, DamagedDocumentError
from docs_index.index.connection import Index
from docs_index.index.storage import read_storage, storage_on_disk
from docs_index.layout import Layout, is_litter
from docs_index.paths import is_link, is_of_a_path, is_there

_DOC_DIR = re.compile(r"[a-z][a-z0-9_]*(?:/[0-9a-z]{16}){2}")

FILES = ("raw.txt", "parsed.txt", "prompt.txt", "metadata.json")
"""The files that a document can have."""

Files = dict[str, bytes]
"""The bytes of files by their names."""


class Texts(Protocol):
    """The files of documents, each named by the document's `doc_dir`.

    Every method raises DamagedDocumentError if what is there is damaged, and OSError or
    StorageError if the machine failed.
    """

    def find(self, doc_dir: str, name: str) -> bytes | None:
        """Return the bytes of a file, None if there is no such file."""

    def has(self, doc_dir: str, name: str) -> bool:
        """Tell whether a document has a file."""

    def sizes(self, doc_dir: str) -> dict[str, int]:
        """Return the size of each file in bytes, by name."""

    def find_all(
        self, doc_dirs: Iterable[str], names: Sequence[str]
    ) -> Iterator[tuple[str, Files]]:
        """Yield files of many documents, in any order; what cannot be read is left out.

        For shards this takes a fraction of the time of reading one after the other.
        """

    def path_of(self, doc_dir: str, name: str) -> str:
        """Return where a file is, for messages."""

    def directory_of(self, doc_dir: str) -> str | None:
        """Return a document's directory, None if it has none."""

    def shard_of(self, doc_dir: str) -> str | None:
        """Return the path of the shard that has a document, None if none has it."""


@dataclass(frozen=True)
class DirectoryTexts:
    """The files of documents that are directories."""

    layout: Layout

    def find(self, doc_dir: str, name: str) -> bytes | None:
        """Return the bytes of a regular file that no link leads to."""
        path = self.path_of(doc_dir, name)
        folder = os.path.dirname(path)
        try:
            if is_link(folder) or is_link(os.path.dirname(folder)):
                raise DamagedDocumentError(f"{folder} is reached by a link; {VERIFY}")
            return read_file(path)
        except NotRegularError as error:
            message = f"{path} is not a regular file; {VERIFY}"
            raise DamagedDocumentError(message) from error
        except FileNotFoundError:
            return None
        except OSError as error:
            if not is_of_a_path(error):
                raise
            raise DamagedDocumentError(f"{path}: {error.strerror}; {VERIFY}") from error

    def has(self, doc_dir: str, name: str) -> bool:
        """Tell whether there is something of this name."""
        return is_there(self.path_of(doc_dir, name))

    def sizes(self, doc_dir: str) -> dict[str, int]:
        """Return the size of everything in the directory but litter."""
        try:
            with os.scandir(self.layout.docs / doc_dir) as entries:
                found = {
                    each.name: each.stat(follow_symlinks=False).st_size
                    for each in entries
                    if not is_litter(each.name)
                }
        except OSError as error:
            if is_of_a_path(error):
                return {}
            raise
        return dict(sorted(found.items()))

    def find_all(
        self, doc_dirs: Iterable[str], names: Sequence[str]
    ) -> Iterator[tuple[str, Files]]:
        """Yield the files of one document after the other."""
        for doc_dir in doc_dirs:
            try:
                found = {name: self.find(doc_dir, name) for name in names}
            except DamagedDocumentError:
                continue
            yield doc_dir, {k: v for k, v in found.items() if v is not None}

    def path_of(self, doc_dir: str, name: str) -> str:
        """Return the path of a file.

        Raises:
            DamagedDocumentError: the index row's `doc_dir` is not one.
        """
        return f"{self.layout.docs}/{checked(doc_dir)}/{name}"

    def directory_of(self, doc_dir: str) -> str | None:
        """Return the path of the directory."""
        return f"{self.layout.docs}/{doc_dir}"

    def shard_of(self, doc_dir: str) -> str | None:
        """Return None: there are directories."""
        return None


def is_doc_dir(text: str) -> bool:
    """Tell whether a text has the form of a `doc_dir`; a damaged row could have any."""
    return _DOC_DIR.fullmatch(text) is not None


def checked(doc_dir: str) -> str:
    """Return the `doc_dir` of an index row, which could lead anywhere.

    Raises:
        DamagedDocumentError: it is not one.
    """
    if not is_doc_dir(doc_dir):
        raise DamagedDocumentError(
            f"{doc_dir!r} is not a document's directory; {VERIFY}"
        )
    return doc_dir


def opened_texts(layout: Layout, index: Index) -> Texts:
    """Return the files of the documents of an index, or of a copy of it."""
    if (read_storage(index) or storage_on_disk(layout)).kind == "directories":
        return DirectoryTexts(layout)
    from docs_index.packs.texts import PackedTexts

    return PackedTexts(layout)
