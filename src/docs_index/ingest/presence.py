"""Survey `docs/`: which files are present, and the hashes of the raw texts.

The consistency report uses it. Only reads, and follows no link: a link counts as
absent. What the machine cannot read stops the run: it is not absent.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from docs_index.disk.confined import open_file
from docs_index.errors import DamagedDocumentError
from docs_index.layout import PACKS, UNPUBLISHED, Layout, is_litter, is_stage_folder
from docs_index.packs.manifest import Shard
from docs_index.packs.reading import present_in
from docs_index.paths import is_of_a_path, naming

_PIECE = 2**16  # bytes that are read at a time


class Directory(NamedTuple):
    """A directory `{stage}/{logical_key_id}/{doc_id}`, or a stray one above that.

    `content_hash` is the SHA-256 of raw.txt, None without such a file.
    """

    doc_dir: str
    has_raw: bool
    has_parsed: bool
    has_prompt: bool
    content_hash: str | None


@dataclass(frozen=True)
class Survey:
    """Looks at the directories under `docs`."""

    docs: str

    def keys(self) -> Iterator[str]:
        """Yield every `{stage}/{logical_key_id}`, and empty folders of no stage."""
        for stage in _folders(self.docs, is_closed_empty=False):
            if stage in (UNPUBLISHED, PACKS):
                continue
            is_stage = is_stage_folder(self.docs, stage)
            names = _folders(f"{self.docs}/{stage}", is_closed_empty=not is_stage)
            yield from (f"{stage}/{name}" for name in names)
            if not names and not is_stage:
                yield stage

    def look(self, keys: Sequence[str]) -> list[Directory]:
        """Return the directories below `keys`; of a key without one, the key itself."""
        return [
            self._directory(doc_dir)
            for key in keys
            for doc_dir in self._below(key) or [key]
        ]

    def _below(self, key: str) -> list[str]:
        names = _folders(f"{self.docs}/{key}", is_closed_empty="/" not in key)
        return [f"{key}/{name}" for name in names]

    def lines(self, keys: Sequence[str]) -> str:
        """Return the same as lines of CSV, ready to be written to a file."""
        return "".join(map(_line, self.look(keys)))

    def _directory(self, doc_dir: str) -> Directory:
        path = f"{self.docs}/{doc_dir}"
        entries = _entries(path, is_closed_empty="/" not in doc_dir)
        names = {each.name for each in entries if each.is_file(follow_symlinks=False)}
        return Directory(
            doc_dir,
            "raw.txt" in names,
            "parsed.txt" in names,
            "prompt.txt" in names,
            _hash(f"{path}/raw.txt") if "raw.txt" in names else None,
        )


@dataclass(frozen=True)
class PackSurvey:
    """Looks at the documents in shards, as at the directories that they stand for."""

    layout: Layout

    def lines(self, shard: Shard) -> str:
        """Return the documents of a shard as lines of CSV, none of a damaged one."""
        try:
            found = map(Directory._make, present_in(self.layout, shard))
            return "".join(map(_line, found))
        except DamagedDocumentError:
            return ""


def _line(directory: Directory) -> str:
    """Return a line of CSV; only the name needs quotes."""
    doc_dir, has_raw, has_parsed, has_prompt, content_hash = directory
    name = doc_dir.replace('"', '""')
    return f'"{name}",{has_raw},{has_parsed},{has_prompt},{content_hash or ""}\n'


def _hash(path: str) -> str | None:
    try:
        descriptor, _ = open_file(path)
    except OSError as error:
        if is_of_a_path(error):
            return None
        raise
    try:
        # hashlib.file_digest would allocate a buffer of 256 KiB for each file.
        with naming(path):
            piece = os.read(descriptor, _PIECE)
            digest = hashlib.sha256(piece)
            while len(piece) == _PIECE:
                piece = os.read(descriptor, _PIECE)
                digest.update(piece)
        return digest.hexdigest()
    finally:
        os.close(descriptor)


def _folders(path: str, *, is_closed_empty: bool) -> list[str]:
    entries = _entries(path, is_closed_empty=is_closed_empty)
    return sorted(each.name for each in entries if each.is_dir(follow_symlinks=False))


def _entries(path: str, *, is_closed_empty: bool) -> list[os.DirEntry[str]]:
    """Return what is in a folder, nothing if there is no such folder.

    With `is_closed_empty` a folder that this user may not read counts as empty: one of
    no stage, such as the `lost+found` of a file system.
    """
    try:
        with naming(path), os.scandir(path) as entries:
            return [each for each in entries if not is_litter(each.name)]
    except OSError as error:
        is_closed = is_closed_empty and isinstance(error, PermissionError)
        if is_of_a_path(error) or is_closed:
            return []
        raise
