"""The files of packed documents, as `index.texts.Texts` names them."""

from collections.abc import Iterable, Iterator, Sequence

from docs_index.layout import Layout
from docs_index.packs.reading import PackedDocuments


class PackedTexts:
    """The files of documents that are rows of shards."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._documents = PackedDocuments(layout)

    def find(self, doc_dir: str, name: str) -> bytes | None:
        """Return the bytes of a file, None if no shard has it."""
        return self._files(doc_dir).get(name)

    def has(self, doc_dir: str, name: str) -> bool:
        """Tell whether a document has a file."""
        return name in self._files(doc_dir)

    def sizes(self, doc_dir: str) -> dict[str, int]:
        """Return the size of each file that the document's directory would have."""
        files = self._files(doc_dir)
        return {name: len(content) for name, content in sorted(files.items())}

    def find_all(
        self, doc_dirs: Iterable[str], names: Sequence[str]
    ) -> Iterator[tuple[str, dict[str, bytes]]]:
        """Yield files of many documents, a shard at a time."""
        for document in self._documents.find_all(doc_dirs):
            files = document.files
            yield document.doc_dir, {n: files[n] for n in names if n in files}

    def path_of(self, doc_dir: str, name: str) -> str:
        """Return the folder of the shards, and what is sought there."""
        return f"{self._layout.packs}: {doc_dir}/{name}"

    def directory_of(self, doc_dir: str) -> str | None:
        """Return None: a shard has the document."""
        return None

    def shard_of(self, doc_dir: str) -> str | None:
        """Return the path of the shard that has the document."""
        return self._documents.shard_of(doc_dir)

    def _files(self, doc_dir: str) -> dict[str, bytes]:
        """Return the files of a document, none if no shard has it."""
        found = self._documents.find(doc_dir)
        return found.files if found else {}
