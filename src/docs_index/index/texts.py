"""Read what is in a document's directory; nothing outside of docs/ is opened."""

import os
from pathlib import Path

from docs_index.layout import Layout
from docs_index.vocabulary import SCORE_BOUNDS

_LOWEST, _HIGHEST = SCORE_BOUNDS["in_last_line"]
_LONGEST_SCORE = 64  # bytes; a decimal and a line break


def read_part(layout: Layout, doc_dir: str, name: str, limit: int = -1) -> bytes | None:
    """Return a file of a document, at most `limit` bytes; None where there is none."""
    path = layout.docs / doc_dir / name
    if not Path(os.path.realpath(path)).is_relative_to(layout.docs):
        return None
    try:
        return _start_of(path, limit) if path.is_file() else None
    except OSError:
        return None


def _start_of(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit)


def read_score(layout: Layout, doc_dir: str) -> float | None:
    """Return the score that a document's parsed text is; None where it is none."""
    try:
        score = float(read_part(layout, doc_dir, "parsed.txt", _LONGEST_SCORE) or b"")
    except ValueError:
        return None
    return score if _LOWEST <= score <= _HIGHEST else None
