"""What is on disk under `docs/`: presence and hashes, for the consistency report.

Nothing is followed out of `docs/`: a link counts as absent.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docs_index.responses import Folder, UnusableError

_NAMES = ("raw.txt", "parsed.txt", "prompt.txt")


@dataclass(frozen=True)
class Directory:
    """A directory `{stage}/{logical_key_id}/{doc_id}`, or a stray one above that."""

    doc_dir: str
    has_raw: bool
    has_parsed: bool
    has_prompt: bool


@dataclass(frozen=True)
class Survey:
    """Looks at the directories under `docs`; `max_bytes` bounds what is read."""

    docs: Path
    max_bytes: int

    def keys(self) -> Iterator[str]:
        """Yield every `{stage}/{logical_key_id}`, and directories that hold none."""
        for stage in _folders(self.docs):
            if stage.startswith("."):
                continue
            names = _folders(self.docs / stage)
            yield from (f"{stage}/{name}" for name in names)
            if not names and stage not in ("draft", "essay", "evaluation"):
                yield stage

    def look(self, keys: Sequence[str]) -> list[Directory]:
        """Return the directories below `keys`; a key without one stands for itself."""
        directories = []
        for key in keys:
            names = _folders(self.docs / key)
            for place in [f"{key}/{name}" for name in names] or [key]:
                present = [_is_file(f"{self.docs}/{place}/{name}") for name in _NAMES]
                directories.append(Directory(place, *present))
        return directories

    def hash(self, doc_dirs: Sequence[str]) -> list[tuple[str, str | None]]:
        """Return each directory's hash of raw.txt, None where it cannot be read."""
        hashes: list[tuple[str, str | None]] = []
        for doc_dir in doc_dirs:
            try:
                raw = Folder(f"{self.docs}/{doc_dir}", self.max_bytes).read("raw.txt")
                hashes.append((doc_dir, hashlib.sha256(raw.content).hexdigest()))
            except UnusableError:
                hashes.append((doc_dir, None))
        return hashes


def _folders(path: Path) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
