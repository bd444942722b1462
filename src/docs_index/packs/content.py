"""The content of one packed document: a row of a shard, and the files it stands for."""

from collections.abc import Mapping
from typing import Final, NamedTuple

COLUMNS: Final = {
    "raw.txt": "raw",
    "parsed.txt": "parsed",
    "prompt.txt": "prompt",
    "metadata.json": "metadata",
}
"""The column of a shard that has the bytes of a file of the document's directory."""


class Packed(NamedTuple):
    """A row of a shard; a file that the directory would lack is None."""

    doc_id: str
    doc_dir: str
    raw: bytes | None
    parsed: bytes | None
    prompt: bytes | None
    metadata: bytes | None

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the document's directory, byte for byte."""
        files = {name: getattr(self, column) for name, column in COLUMNS.items()}
        return {name: content for name, content in files.items() if content is not None}

    @property
    def size(self) -> int:
        """The number of bytes of all its files."""
        contents = (self.raw, self.parsed, self.prompt, self.metadata)
        return sum(len(content) for content in contents if content is not None)


def packed(doc_id: str, doc_dir: str, files: Mapping[str, bytes]) -> Packed:
    """Return the row of a document with these files."""
    return Packed(doc_id, doc_dir, *(files.get(name) for name in COLUMNS))
