"""Find the files that paths and globs of `histories.yml` name.

Owns what a glob means: `*`, `?` and `[ ]` within a name, and `**` for folders in one
another; names with a dot first are hidden, as in a shell. Files are taken in the order
of their names, and none that leads out of the data root, with links followed.
"""

import os
import re
from collections.abc import Iterator
from fnmatch import translate
from functools import lru_cache
from pathlib import Path

from docs_index.paths import is_file, is_folder, is_of_a_path, is_there, real_path

_MAGIC = re.compile(r"[*?\[]")
_BESIDE = ("-wal", "-shm", "-journal")  # SQLite's own, next to a database


class PathFaultError(ValueError):
    """A path that is no path of a data root; the message says what to write."""


def check_pattern(pattern: str) -> None:
    """Check that a path or glob is relative, and stays where it is.

    Raises:
        PathFaultError: it does not.
    """
    if not pattern or "\0" in pattern:
        raise PathFaultError("the path is empty: name a file or a glob")
    if pattern.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]", pattern):
        raise PathFaultError(
            f"{pattern!r} is absolute: write the path from the data root on"
        )
    if ".." in pattern.split("/"):
        raise PathFaultError(
            f"{pattern!r} leads out of its folder: write the path from the data root "
            "on, without '..'"
        )


def has_glob(pattern: str) -> bool:
    """Tell whether a path has a character of globs."""
    return bool(_MAGIC.search(pattern))


def find_files(root: Path, pattern: str) -> list[str]:
    """Return the files that a path or glob names, relative to the root.

    Raises:
        PathFaultError: a file leads out of the root, or its name is not UTF-8.
        OSError: the machine cannot say.
    """
    pattern = os.path.normpath(pattern)
    if is_there(root / pattern) or not has_glob(pattern):
        found = [pattern] if is_file(root / pattern) else []
    else:
        matches = _matches(root, "", tuple(pattern.split("/")))
        found = [name for name in dict.fromkeys(matches) if is_file(root / name)]
    for name in found:
        if not name.isascii():
            _check_name(name)
        target = Path(real_path(root / name))
        if not target.is_relative_to(root):
            raise PathFaultError(
                f"{name!r} leads out of the data root, to {str(target)!r}: put the "
                "file itself there"
            )
    return sorted(name for name in found if not _is_beside(root, name))


def _check_name(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise PathFaultError(
            f"the name of {name!r} is not UTF-8: rename the file"
        ) from None


def _is_beside(root: Path, name: str) -> bool:
    return any(
        name.endswith(end) and is_file(root / name.removesuffix(end)) for end in _BESIDE
    )


def _matches(root: Path, above: str, parts: tuple[str, ...]) -> Iterator[str]:
    """Yield the paths below a folder that match the parts of a glob."""
    part, rest = parts[0], parts[1:]
    if part == "**":
        if rest:
            yield from _matches(root, above, rest)
        for name, is_real_folder in _entries(root / above):
            path = f"{above}{name}"
            if name.startswith("."):
                continue
            if is_real_folder:
                yield from _matches(root, f"{path}/", parts)
            elif not rest:
                yield path
        return
    if not has_glob(part):
        names = [part] if is_there(root / f"{above}{part}") else []
    else:
        fits = _fitting(part)
        names = [
            name
            for name, _ in _entries(root / above)
            if fits(name) and (not name.startswith(".") or part.startswith("."))
        ]
    for name in names:
        if not rest:
            yield f"{above}{name}"
        elif is_folder(root / f"{above}{name}"):
            yield from _matches(root, f"{above}{name}/", rest)


def _entries(folder: Path) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                (entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries
            )
    except OSError as error:
        if is_of_a_path(error):
            return []
        raise


@lru_cache(64)
def _fitting(part: str) -> "re.Pattern[str].match":  # type: ignore[valid-type]
    return re.compile(translate(part)).match
