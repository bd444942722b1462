"""Write documents as directories in a folder of the user's, whatever their layout is.

The folder gets its name when it is complete. Only reads the data root.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from docs_index.disk.directories import remove_tree, sync_file_system
from docs_index.disk.publish import sync, temporary_path, write_file
from docs_index.errors import VERIFY, DamagedDocumentError, OutputExistsError, first_few
from docs_index.index.reader import Documents
from docs_index.index.row import Document
from docs_index.index.texts import FILES, Files, checked
from docs_index.paths import is_folder, is_there, real_path

_BATCH = 2000  # documents that are read together: neighbours in a shard


def unpack(documents: Documents, found: Iterable[Document], target: Path) -> int:
    """Write `{stage}/{logical_key_id}/{doc_id}/` of documents below a new folder.

    `found` is in the order of stage and doc_id. Returns their number. It makes the
    folder only if there is a document.

    Raises:
        OutputExistsError: the folder exists, is in the data root, or cannot be made.
        DamagedDocumentError: documents cannot be read; the folder was not made.
        OSError, StorageError: the machine failed; the folder was not made.
    """
    _refuse(documents, target)
    unpublished = temporary_path(target)
    remove_tree(unpublished)  # a killed program's
    unpublished.mkdir()
    count = 0
    try:
        for document, files in read_files(documents, found):
            folder = unpublished / document.doc_dir
            folder.mkdir(parents=True)
            for name, content in files.items():
                write_file(folder / name, content)
            count += 1
        if count:
            sync_file_system(unpublished)
            unpublished.rename(target)
            sync(target.parent)
    finally:
        remove_tree(unpublished)
    return count


def read_files(
    documents: Documents, found: Iterable[Document]
) -> Iterator[tuple[Document, Files]]:
    """Yield documents in their order, each with all of its files.

    Raises:
        DamagedDocumentError: documents cannot be read, or lack raw.txt or their
            metadata; names some.
    """
    remaining = iter(found)
    while batch := list(islice(remaining, _BATCH)):
        doc_dirs = [checked(document.doc_dir) for document in batch]
        read = dict(documents.texts.find_all(doc_dirs, FILES))
        _refuse_damaged(batch, read)
        for document in batch:
            yield document, read[document.doc_dir]


def _refuse_damaged(batch: Sequence[Document], read: dict[str, Files]) -> None:
    damaged = []
    for document in batch:
        needed = {"raw.txt", "metadata.json"}
        needed |= {"parsed.txt"} if document.status == "ok" else set()
        if not needed <= read.get(document.doc_dir, {}).keys():
            damaged.append(document.doc_dir)
    if damaged:
        raise DamagedDocumentError(
            f"documents are missing or damaged; {VERIFY}:\n{first_few(damaged)}"
        )


def _refuse(documents: Documents, target: Path) -> None:
    if is_there(target):
        raise OutputExistsError(f"{target} exists already: name a new folder")
    if not is_folder(target.parent):
        raise OutputExistsError(f"the folder {target.parent} is missing: make it first")
    if Path(real_path(target)).is_relative_to(documents.layout.root):
        raise OutputExistsError(
            f"{target} is in the data root: name a folder outside of it"
        )
