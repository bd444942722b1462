"""The files of one generation: which are there, reading and writing them.

`parsed.txt` says that a generation is done, `raw.txt` that its answer has been paid
for. A file appears under its name complete and on the disk, or not at all.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docs_index.disk.confined import open_no_link
from docs_index.disk.publish import publish
from docs_index.errors import BlockedError

PROMPT, RAW, PARSED = "prompt.txt", "raw.txt", "parsed.txt"
RAW_METADATA, PARSED_METADATA = "raw_metadata.json", "parsed_metadata.json"
_NO_FILE = "is a link, or no regular file: put the file itself there"


def parsed_exists(folder: Path) -> bool:
    """Tell whether a generation is done."""
    return (folder / PARSED).is_file()


def raw_exists(folder: Path) -> bool:
    """Tell whether a generation's answer is there, and need not be bought."""
    return (folder / RAW).is_file()


def read_text(folder: Path, name: str) -> str | None:
    """Return a file's text unchanged, None where there is no such file.

    Raises:
        BlockedError: it is a link, no regular file, or not UTF-8.
    """
    path = folder / name
    try:
        with open(path, "rb", opener=open_no_link) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise BlockedError(f"{path} {_NO_FILE}")
            return file.read().decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise BlockedError(
            f"{path} is not UTF-8 (byte {error.start + 1}): save it as UTF-8"
        ) from error
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise
        raise BlockedError(f"{path} {_NO_FILE}") from error


def write_text(folder: Path, name: str, text: str) -> None:
    """Put a file of a generation in place at once; a lone surrogate becomes `?`."""
    publish(folder / name, text.encode(errors="replace"))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep every other process and thread from writing a file of this generation."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(folder, flags)
    except NotADirectoryError as error:
        raise BlockedError(f"{folder} is a link, or no directory") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
