"""Find the files of a table: one CSV file, or the CSV files of a folder.

Owns which names of a folder count, and their order. Reads names only, writes nothing.
Contract: section 2 of docs/rules.md.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from docs_index.data_roots import folder_of_table, is_table_folder
from docs_index.errors import (
    StorageError,
    TableRefusedError,
    first_few,
)
from docs_index.layout import Layout, is_litter
from docs_index.paths import is_there

_DONE = "_SUCCESS"  # Spark writes this empty file beside its CSV files


@dataclass(frozen=True)
class TableFiles:
    """The files of a table by their paths in the data root, in the order of names.

    `folder` is the folder that they are in, None for a table of one file. Without a
    folder, a table without files is missing.
    """

    file: str
    folder: str | None
    files: tuple[str, ...]

    @property
    def is_missing(self) -> bool:
        """Whether there is neither the file nor the folder."""
        return self.folder is None and not self.files

    @property
    def listed(self) -> tuple[str, ...]:
        """The paths by which `input_files` lists it: its files, or what has none."""
        return self.files or (f"{self.folder}/" if self.folder else self.file,)


def find_table(layout: Layout, file: str, *, may_be_folder: bool) -> TableFiles:
    """Return the files of a table, which is a file or, if it may be, a folder.

    Raises:
        DataRootError: a link leads out of the data root.
        StorageError: the folder cannot be read.
        TableRefusedError: the file and the folder are both there, or the folder has a
            file that is not named as a CSV file.
    """
    path, folder = layout.root / file, folder_of_table(file)
    has_file = is_there(path)
    if not may_be_folder or not is_table_folder(layout.root / folder):
        return TableFiles(file, None, (file,) if has_file else ())
    if has_file:
        raise TableRefusedError(
            f"{path} and the folder {layout.root / folder} are both there, and each is "
            "a whole table: move one of them away; nothing was written"
        )
    layout.refuse_link_out(layout.root / folder)
    names = _names(layout, folder)
    _refuse_others(f"{layout.root / folder}", names)
    return TableFiles(file, folder, tuple(f"{folder}/{name}" for name in names))


def _names(layout: Layout, folder: str) -> list[str]:
    try:
        names = os.listdir(layout.root / folder)
    except OSError as error:
        message = f"{layout.root / folder} cannot be read: {error.strerror}"
        raise StorageError(message) from error
    return sorted(name for name in names if not _is_ignored(name))


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name == _DONE or is_litter(name)


def _refuse_others(folder: str, names: Sequence[str]) -> None:
    faults = [repr(name) for name in names if not _is_of_table(name)]
    if faults:
        raise TableRefusedError(
            f"{folder} is read as one table, and has what is not named as a CSV file:\n"
            f"{first_few(faults)}\n"
            "move it away, or give the file a name that ends with .csv and has only "
            "characters that can be printed; folders in it are not read: move their "
            "files up; nothing was written"
        )


def _is_of_table(name: str) -> bool:
    return name.endswith(".csv") and name.isprintable()
