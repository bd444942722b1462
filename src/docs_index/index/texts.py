"""Read the files of a document's directory, for pages.

Opens nothing outside of docs/. What is not a regular file counts as absent.
"""

from pathlib import Path

from docs_index.disk.confined import open_file
from docs_index.layout import Layout
from docs_index.paths import is_of_a_path, naming, real_path
from docs_index.vocabulary import SCORE_BOUNDS

_LOWEST, _HIGHEST = SCORE_BOUNDS["in_last_line"]
_LONGEST_SCORE = 64  # bytes; a decimal and a line break


def read_part(layout: Layout, doc_dir: str, name: str, limit: int = -1) -> bytes | None:
    """Return at most `limit` bytes of a document's file, None if it is missing."""
    path = real_path(layout.docs / doc_dir / name)
    if not Path(path).is_relative_to(layout.docs):
        return None
    try:
        descriptor, _ = open_file(path)
        with naming(path), open(descriptor, "rb") as file:
            return file.read(limit)
    except OSError as error:
        if is_of_a_path(error):
            return None
        raise


def read_score(layout: Layout, doc_dir: str) -> float | None:
    """Return the score in a document's parsed text, None if the text is not a score."""
    try:
        score = float(read_part(layout, doc_dir, "parsed.txt", _LONGEST_SCORE) or b"")
    except ValueError:
        return None
    return score if _LOWEST <= score <= _HIGHEST else None
