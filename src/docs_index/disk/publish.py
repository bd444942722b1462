"""Write whole files: complete under their name, or not there at all.

A file whose content would not change is not written.
"""

import csv
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def publish(path: Path, content: bytes) -> bool:
    """Replace a file at once; tell whether it had to be written."""
    temporary_path(path).unlink(missing_ok=True)  # a killed run's
    if path.is_file() and path.read_bytes() == content:
        return False
    with replacing(path) as unpublished:
        unpublished.write_bytes(content)
    return True


def publish_appended(path: Path, lines: Iterable[str], newline: str) -> bool:
    """Replace a file at once by itself and what follows; tell whether there was any."""
    temporary_path(path).unlink(missing_ok=True)  # a killed run's
    following = iter(lines)
    first = next(following, None)
    if first is None:
        return False
    with replacing(path) as unpublished:
        if path.is_file():
            shutil.copyfile(path, unpublished)
        with unpublished.open("a+b") as file:
            if not _ends_in_line(file):
                file.write(newline.encode())
            file.write(first.encode())
            file.writelines(line.encode() for line in following)
    return True


def _ends_in_line(file: BinaryIO) -> bool:
    if not file.tell():
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Hand out a temporary path; what is written there replaces the file at once."""
    unpublished = temporary_path(path)
    path.parent.mkdir(exist_ok=True)
    try:
        yield unpublished
        with suppress(FileNotFoundError):
            shutil.copymode(path, unpublished)
        with unpublished.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(unpublished, path)
    finally:
        unpublished.unlink(missing_ok=True)


def temporary_path(path: Path) -> Path:
    """Return where the next content of a file is written before it has its name."""
    return path.with_name(f".{path.name}.unpublished")


def csv_lines(rows: Iterable[Sequence[object]], newline: str = "\n") -> Iterator[str]:
    """Yield each row as a line of CSV.

    Before Python 3.13 the csv module quotes a CR only if it is part of the line end.
    """
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    for row in rows:
        yield writer.writerow(row).removesuffix("\r\n") + newline


class _Echo:
    """A file that hands back what is written: the csv module's way to a line."""

    def write(self, line: str) -> str:
        return line
