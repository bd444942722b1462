"""The members of inspect's .eval files, which are zip archives of JSON.

Owns which module unpacks them: members that are packed with zstd need Python 3.14, or
the package that the extra `histories` installs.
"""

import sys
import zipfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import BinaryIO, NamedTuple

from docs_index.errors import DataRootError
from docs_index.warehouse.histories.history_file import HistoryFile, Reading
from docs_index.warehouse.histories.json_values import BLANKS, JsonReader
from docs_index.warehouse.histories.text_rows import Row, faulty

_HEADER, _START, _SAMPLES = "header.json", "_journal/start.json", "samples/"
_ZSTD = 93
_KNOWS_ZSTD = sys.version_info >= (3, 14)
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # packed as no module knows
    RuntimeError,  # encrypted
)


class Member(NamedTuple):
    """A member: whether it is a sample, and its object; the header has the number 1."""

    is_sample: bool
    row: Row


def read_archive(source: HistoryFile, file: Reading) -> Iterator[Member]:
    """Yield the header of a log, then its samples; the last of a name counts.

    The header of a run that was killed is what it began with, with the status
    `started`.

    Raises:
        DataRootError: the package that unpacks zstd is not installed.
    """
    with file.anywhere() as content:
        try:
            archive = _opened(source, content)
        except zipfile.BadZipFile as error:
            yield Member(False, faulty(1, f"the archive is torn or damaged: {error}"))
            return
        reader = JsonReader()
        with archive:
            names = archive.namelist()
            yield Member(False, _header(archive, names, reader))
            samples = (name for name in names if _is_sample(name))
            for number, name in enumerate(dict.fromkeys(samples), 1):
                yield Member(True, _row(archive, name, number, reader))


def _is_sample(name: str) -> bool:
    return name.startswith(_SAMPLES) and name.endswith(".json")


def _opened(source: HistoryFile, content: BinaryIO) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(content)
    if _KNOWS_ZSTD or all(each.compress_type != _ZSTD for each in archive.infolist()):
        return archive
    try:
        # Named here alone: only this needs the extra.
        packed = import_module("backports.zstd.zipfile")
    except ImportError:
        raise DataRootError(
            f"{source.path} is packed with zstd, which needs a package more: "
            'pip install "docs-index[histories]"'
        ) from None
    opened: zipfile.ZipFile = packed.ZipFile(content)
    return opened


def _header(archive: zipfile.ZipFile, names: list[str], reader: JsonReader) -> Row:
    if _HEADER in names:
        return _row(archive, _HEADER, 1, reader)
    if _START not in names:
        return faulty(1, f"the archive has no {_HEADER} and no {_START}")
    start = _row(archive, _START, 1, reader)
    if start.text is None or "status" in start.value:
        return start
    comma = "," if start.value else ""
    text = f'{{"status":"started"{comma}{start.text.strip(BLANKS)[1:]}'
    return start._replace(text=text)


def _unreadable() -> tuple[type[Exception], ...]:
    """Return the errors of damaged members; that of zstd, if its module is there."""
    module = sys.modules.get("compression.zstd" if _KNOWS_ZSTD else "backports.zstd")
    error: type[Exception] | None = getattr(module, "ZstdError", None)
    return (*_UNREADABLE, error) if error else _UNREADABLE


def _row(archive: zipfile.ZipFile, name: str, number: int, reader: JsonReader) -> Row:
    """Return the object of a member, or its fault, which names the member."""
    try:
        text = archive.read(name).decode()
    except UnicodeDecodeError:
        return faulty(number, f"{name}: it is not UTF-8")
    except _unreadable() as error:
        return faulty(number, f"{name}: it cannot be unpacked: {error}")
    value, fault = reader.record(text)
    if fault:
        return faulty(number, f"{name}: {fault}")
    return Row(str(number), value, text)
