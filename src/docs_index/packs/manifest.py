"""The manifest of packed documents: which shards there are.

`docs/packs/manifest.jsonl` has one line of JSON per shard: its file below `docs/packs`,
the number of its documents, its size in bytes, and its SHA-256. A new version of it
replaces the file atomically. Contract: docs/packed.md.

Where the index is in Parquet, files with the rows of the table `documents` have lines
too. They are in a folder of their own, and no shards of a stage.
"""

import json
import os
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from docs_index.disk.confined import read_file
from docs_index.disk.publish import publish
from docs_index.errors import VERIFY, DamagedDocumentError
from docs_index.layout import Layout, is_litter
from docs_index.paths import is_link, is_of_a_path, is_real_folder, is_there, naming

_ID = "[0-9a-z]{16}"
INDEX_TABLES = {"documents": "_documents", "document_links": "_document_links"}
"""The folders of index rows in Parquet, by table; no stage begins with `_`."""

_FILE = re.compile(
    rf"(?P<stage>[a-z][a-z0-9_]*|{'|'.join(INDEX_TABLES.values())})/"
    rf"(?P<first>{_ID})-(?P<last>{_ID})-"
    r"(?P<content>[0-9a-f]{16})\.parquet"
)
_SHA256 = re.compile("[0-9a-f]{64}")
_changing = threading.Lock()  # a run adds shards while a thread of it adds rows


@dataclass(frozen=True)
class Shard:
    """A line of the manifest; `file` is relative to `docs/packs`."""

    file: str
    documents: int
    bytes: int
    sha256: str

    @property
    def stage(self) -> str:
        """The stage of its documents."""
        return self.file.partition("/")[0]

    @property
    def has_index_rows(self) -> bool:
        """Whether it has rows of the index, and not the documents themselves."""
        return self.stage in INDEX_TABLES.values()

    @property
    def first(self) -> str:
        """The doc_id of its first document, in the order of bytes."""
        return self._ids()[0]

    @property
    def last(self) -> str:
        """The doc_id of its last document."""
        return self._ids()[1]

    def may_hold(self, doc_id: str) -> bool:
        """Tell whether a doc_id is in the range of the shard's."""
        return self.first <= doc_id <= self.last

    def _ids(self) -> tuple[str, str]:
        first, last, _ = self.file.rpartition("/")[2].split("-")
        return first, last


def file_of(stage: str, first: str, last: str, sha256: str) -> str:
    """Return the file of a shard, relative to `docs/packs`."""
    return f"{stage}/{first}-{last}-{sha256[:16]}.parquet"


def read_manifest(layout: Layout) -> list[Shard]:
    """Return the shards that the manifest names, none without a manifest.

    Raises:
        DamagedDocumentError: a line is not one of a manifest; says which.
        OSError: the machine failed.
    """
    return _whole_manifest(layout).shards


def read_index_rows(layout: Layout) -> list[Shard]:
    """Return the files with rows of the index, in the order of their adding.

    Raises:
        DamagedDocumentError: a line is not one of a manifest; says which.
        OSError: the machine failed.
    """
    return _whole_manifest(layout).index_rows


def _whole_manifest(layout: Layout) -> "Found":
    if is_link(layout.packs):
        raise DamagedDocumentError(f"{layout.packs} is a link: {_NOT_FOLLOWED}")
    found = look_at_manifest(layout)
    if found.fault:
        raise DamagedDocumentError(f"{layout.manifest}{found.fault}; {VERIFY}")
    return found


class Found(NamedTuple):
    """A manifest as it is: what its right lines name, and its first fault."""

    shards: list[Shard]
    index_rows: list[Shard]
    fault: str | None


class FollowedManifest:
    """The manifest of a data root, which is read again only when it has changed."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._signature: tuple[int, int, int] | None = None
        self._found = Found([], [], None)

    def read(self) -> Found:
        """Return what the manifest names now.

        Raises:
            DamagedDocumentError: the manifest is damaged.
            OSError: the machine failed.
        """
        try:
            status = self._layout.manifest.stat()
        except OSError as error:
            if not is_of_a_path(error):
                raise
            signature = None
        else:
            signature = (status.st_ino, status.st_mtime_ns, status.st_size)
        if signature is None or signature != self._signature:
            self._found = _whole_manifest(self._layout)
            self._signature = signature
        return self._found


def look_at_manifest(layout: Layout) -> Found:
    """Return what a manifest has that may be damaged, nothing without a manifest.

    Raises:
        OSError: the machine failed.
    """
    try:
        content = read_file(layout.manifest)
    except OSError as error:
        if not is_of_a_path(error):
            raise
        is_missing = not is_there(layout.manifest)
        return Found([], [], None if is_missing else " is not a regular file")
    shards: dict[str, Shard] = {}
    faults = []
    for number, line in enumerate(content.splitlines(), 1):
        shard = _shard(line)
        if shard is None:
            faults.append(f", line {number} is not a line of a manifest")
        elif shard.file in shards:
            faults.append(f", line {number} names {shard.file} a second time")
        else:
            shards[shard.file] = shard
    files = shards.values()
    return Found(
        [each for each in files if not each.has_index_rows],
        [each for each in files if each.has_index_rows],
        next(iter(faults), None),
    )


def _shard(line: bytes) -> Shard | None:
    """Return the shard of a line, None for anything else."""
    try:
        shard = Shard(**json.loads(line))
        found = _FILE.fullmatch(shard.file)
        is_right = (
            found is not None
            and found["first"] <= found["last"]
            and type(shard.documents) is int
            and type(shard.bytes) is int
            and min(shard.documents, shard.bytes) > 0
            and _SHA256.fullmatch(shard.sha256) is not None
            and shard.sha256.startswith(found["content"])
        )
    except (TypeError, ValueError):
        return None
    return shard if is_right else None


def fits_name(file: str, sha256: str) -> bool:
    """Tell whether a shard's name has the beginning of this hash."""
    return file.endswith(f"-{sha256[:16]}.parquet")


def shard_named(file: str, documents: int, size: int, sha256: str) -> Shard | None:
    """Return the line of a shard, None if its name does not fit."""
    shard = Shard(file, documents, size, sha256)
    return _shard(json.dumps(asdict(shard)).encode())


def write_manifest(layout: Layout, shards: Iterable[Shard]) -> None:
    """Replace the shards that the manifest names, atomically and durably."""
    with _changing:
        _write(layout, [*shards, *look_at_manifest(layout).index_rows])


def write_index_rows(layout: Layout, files: Iterable[Shard]) -> None:
    """Replace the files with rows of the index that the manifest names."""
    with _changing:
        _write(layout, [*read_manifest(layout), *files])


def append_to_manifest(layout: Layout, new: Sequence[Shard]) -> None:
    """Name new shards or rows of the index; the caller holds the lock."""
    with _changing:
        found = _whole_manifest(layout)
        known = [*found.shards, *found.index_rows]
        files = {shard.file for shard in known}
        _write(layout, [*known, *(each for each in new if each.file not in files)])


def _write(layout: Layout, files: Iterable[Shard]) -> None:
    lines = (json.dumps(asdict(shard)) for shard in files)
    publish(layout.manifest, "".join(f"{line}\n" for line in lines).encode())


def unlisted_files(layout: Layout, shards: Iterable[Shard]) -> list[Path]:
    """Return the shards on disk that the manifest does not name: a killed run's."""
    listed = {shard.file for shard in shards}
    return [
        layout.packs / file
        for file in files_on_disk(layout)
        if _FILE.fullmatch(file) and file not in listed and not _has_rows(file)
    ]


def unlisted_index_rows(layout: Layout) -> list[Path]:
    """Return the files with rows of the index that the manifest does not name."""
    listed = {each.file for each in look_at_manifest(layout).index_rows}
    return [
        layout.packs / file
        for file in files_on_disk(layout)
        if _FILE.fullmatch(file) and file not in listed and _has_rows(file)
    ]


def _has_rows(file: str) -> bool:
    return file.partition("/")[0] in INDEX_TABLES.values()


def files_on_disk(layout: Layout) -> list[str]:
    """Return what is in the folders of `docs/packs`, relative to it, without litter."""
    found = []
    for stage in _names(layout.packs):
        folder = layout.packs / stage
        names = _names(folder) if is_real_folder(folder) else []
        found += [f"{stage}/{name}" for name in names] or [stage]
    return [file for file in found if file != layout.manifest.name]


def _names(folder: Path) -> list[str]:
    try:
        with naming(folder):
            names = os.listdir(folder)
    except OSError as error:
        if is_of_a_path(error):
            return []
        raise
    return sorted(name for name in names if not is_litter(name))


_NOT_FOLLOWED = "nothing is read through it; put the folder itself there"
