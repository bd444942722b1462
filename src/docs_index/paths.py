"""Ask the system about paths, and never take its failure for an answer.

Owns the table that decides whose fault an error of the system is: that of the file or
its path, which is a fact, or that of the machine, which stops the program because it
may pass. A code that is not in the table is the machine's. `os.path.exists` and its
like answer False to both; nothing else in this package calls them. Writes nothing.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

Name = str | os.PathLike[str]

_NO_FILE, _NOT_REGULAR = "there is no such file", "it is not a regular file"
OF_A_PATH = {  # docs/rules.md, section 5, has the same codes
    errno.ENOENT: _NO_FILE,
    errno.ENOTDIR: _NO_FILE,
    errno.ELOOP: "its links are too many, or lead in a circle",
    errno.ENAMETOOLONG: "the path is too long",
    errno.EISDIR: _NOT_REGULAR,
    errno.ENXIO: _NOT_REGULAR,
}


def is_of_a_path(error: OSError) -> bool:
    """Tell whether an error says what a file or its path is, not what failed."""
    return error.errno in OF_A_PATH


def is_there(path: Name) -> bool:
    """Tell whether a path exists; a link that leads nowhere does.

    Raises:
        OSError: the system cannot say; so do all functions here.
    """
    return _status(path, follow=False) is not None


def is_file(path: Name) -> bool:
    """Tell whether a path leads to a regular file."""
    status = _status(path, follow=True)
    return status is not None and stat.S_ISREG(status.st_mode)


def is_folder(path: Name) -> bool:
    """Tell whether a path leads to a folder."""
    status = _status(path, follow=True)
    return status is not None and stat.S_ISDIR(status.st_mode)


def is_real_folder(path: Name) -> bool:
    """Tell whether a path is a folder, and not a link to one."""
    return is_folder(path) and not is_link(path)


def is_link(path: Name) -> bool:
    """Tell whether a path is a symbolic link."""
    status = _status(path, follow=False)
    return status is not None and stat.S_ISLNK(status.st_mode)


def _status(path: Name, *, follow: bool) -> os.stat_result | None:
    try:
        return os.stat(path) if follow else os.lstat(path)
    except OSError as error:
        if is_of_a_path(error):
            return None
        raise


def real_path(path: Name) -> str:
    """Return a path with its links followed as far as it exists."""
    try:
        return os.path.realpath(path, strict=True)
    except OSError as error:
        if not is_of_a_path(error):
            raise
        if error.errno != errno.ENOENT:
            return os.path.realpath(path)
    above, name = os.path.split(os.path.abspath(path))
    full = os.path.join(real_path(above), name)
    if is_link(full):
        return real_path(os.path.join(os.path.dirname(full), os.readlink(full)))
    return full


@contextmanager
def naming(path: Name) -> Iterator[None]:
    """Have each error of the system in a block name a file, if it names none in full.

    Calls on open files name nothing, and those in an open folder a part of the path.
    """
    try:
        yield
    except OSError as error:
        name_file(error, path)
        raise


def name_file(error: OSError, path: Name) -> None:
    """Have an error name a file, if it names none in full."""
    named = error.filename
    if not isinstance(named, str | bytes | os.PathLike) or not os.path.isabs(named):
        error.filename = os.fspath(path)
