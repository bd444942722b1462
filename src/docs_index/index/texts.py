"""Read the files of a document's directory, for pages.

Opens nothing outside of docs/. What is not a regular file counts as absent.
"""

from pathlib import Path

from docs_index.disk.confined import open_file
from docs_index.layout import Layout
from docs_index.paths import is_of_a_path, naming, real_path


def read_part(layout: Layout, doc_dir: str, name: str) -> bytes | None:
    """Return the bytes of a document's file, None if it is missing."""
    path = real_path(layout.docs / doc_dir / name)
    if not Path(path).is_relative_to(layout.docs):
        return None
    try:
        descriptor, _ = open_file(path)
        with naming(path), open(descriptor, "rb") as file:
            return file.read()
    except OSError as error:
        if is_of_a_path(error):
            return None
        raise
