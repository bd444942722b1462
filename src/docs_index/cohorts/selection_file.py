"""Write the selection file, and keep one that a person has written or edited.

Owns the mark in files of this program: a comment with a checksum of all other lines, so
that any edit by hand breaks it. `warehouse.cohort_inputs` reads the file.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from docs_index.disk.confined import NotRegularError, read_file
from docs_index.disk.publish import publish
from docs_index.errors import OutputExistsError
from docs_index.paths import is_of_a_path, is_there

_DIRECTIVES = ("# mode: evaluation-only", "# include-existing-evaluations")
_MARK = (
    "# Written by `docs-index cohort {}`, which replaces it as long as nobody edits it "
    "(checksum {})."
)
_MARKED = re.compile(
    re.escape(_MARK)
    .replace(r"\{\}", "(?:select|adopt)", 1)
    .replace(r"\{\}", "([0-9a-f]{16})")
)


def write_selection(
    path: Path, by: str, comment: str, essays: Sequence[str], *, replaces: bool
) -> None:
    """Publish a selection of essays, with both directives and a comment on it.

    `by` is the command that writes it, `select` or `adopt`. Without `replaces`, a
    file that this function did not write, or that was edited since, is kept.

    Raises:
        OutputExistsError: there is such a file; it was not changed.
    """
    refuse_edited(path, replaces=replaces)
    path.parent.mkdir(exist_ok=True)
    lines = [*_DIRECTIVES, f"# {comment}", *essays]
    marked = [*lines[:2], _MARK.format(by, _checksum(lines)), *lines[2:]]
    publish(path, "".join(f"{line}\n" for line in marked).encode())


def refuse_edited(path: Path, *, replaces: bool) -> None:
    """Check that a selection file may be replaced, before other work is done.

    Raises:
        OutputExistsError: `write_selection` did not write it, or it was edited since.
    """
    if not replaces and is_there(path) and not _is_unedited(path):
        raise OutputExistsError(
            f"{path} was not changed: this program did not write it, or it was edited "
            "since. Move it away to keep it, or pass --replace to write over it"
        )


def _is_unedited(path: Path) -> bool:
    """Tell whether a file is as `write_selection` left it."""
    try:
        lines = read_file(path, follow=True).decode().split("\n")
    except (UnicodeDecodeError, NotRegularError):
        return False
    except OSError as error:
        if not is_of_a_path(error):
            raise
        return False
    marks = [found for line in lines if (found := _MARKED.fullmatch(line))]
    others = [line for line in lines if not _MARKED.fullmatch(line)]
    return [mark[1] for mark in marks] == [_checksum(others[:-1])] and not others[-1]


def _checksum(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
