"""Choose the data root, tell it from other folders, and say which one was meant.

Owns the marks of a data root. Looks at names only, upward and one level down, and
writes nothing.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docs_index.paths import is_file, is_folder, is_there, real_path
from docs_index.resources import seed
from docs_index.vocabulary import STAGES

RESULTS_FOLDER = "7_cross_experiment"
TABLES = tuple(
    f"{RESULTS_FOLDER}/{row['results_table']}.csv"
    for row in seed("sources")
    if row["results_table"]
)
"""The results tables, relative to a data root; a folder may be there instead."""

HISTORIES = "histories.yml"
"""The file that names other tools' files, relative to a data root."""

_FOLDERS = (RESULTS_FOLDER, "gens", "1_raw", "2_tasks", "3_generation")
_OF_DOCUMENTS = ("db/documents.sqlite", *(f"docs/{stage}" for stage in STAGES))
_MARKS = (HISTORIES, *_OF_DOCUMENTS)
_LEVELS = 3  # how much too deep a folder is looked for
_MOST_ENTRIES = 1000  # of a folder in which a data root is looked for
_BUNDLED = "sample"  # next to dbt_project.yml: for trying things out


class Choice(NamedTuple):
    """A data root, and what named it: `option`, `DATA_ROOT`, `found` or `nothing`."""

    path: Path
    source: str


def choose_root(given: str | os.PathLike[str] | None = None) -> Choice:
    """Return the data root that is given, else `DATA_ROOT`, else the nearest upward.

    Upward from the current folder each folder is looked at, and its folder `data`. The
    bundled sample is not taken. Where nothing is found, the path is `data`.
    """
    if given:
        return Choice(Path(given), "option")
    if named := os.environ.get("DATA_ROOT"):
        return Choice(Path(named), "DATA_ROOT")
    try:
        here = Path.cwd()
        found = next(filter(_is_taken, _upward(here)), None)
    except OSError:  # the current folder is gone, or one may not be looked into
        found = None
    return Choice(found, "found") if found else Choice(Path("data"), "nothing")


def _upward(here: Path) -> Iterator[Path]:
    for folder in (here, *here.parents):
        yield from (folder, folder / "data")


def _is_taken(folder: Path) -> bool:
    return _is_filled(folder) and not _is_bundled(folder)


def folder_of_table(file: str) -> str:
    """Return the folder whose CSV files may be a table in place of its one file."""
    return file.removesuffix(".csv")


def is_table_folder(path: Path) -> bool:
    """Tell whether a path may be such a folder, also a link that leads nowhere."""
    return is_there(path) and not is_file(path)


def place_of_table(folder: Path, file: str) -> str | None:
    """Return where a data root has a table: the file, or the folder with `/`.

    None if it has neither.
    """
    if is_there(folder / file):
        return file
    instead = folder_of_table(file)
    return f"{instead}/" if is_table_folder(folder / instead) else None


def has_table(folder: Path, file: str) -> bool:
    """Tell whether a data root has a table, as one file or as a folder."""
    return place_of_table(folder, file) is not None


def has_input(folder: Path) -> bool:
    """Tell whether a folder has a results table, a generation store or histories."""
    if any(has_table(folder, table) for table in TABLES):
        return True
    return is_there(folder / HISTORIES) or is_folder(folder / "gens")


def is_data_root(folder: Path) -> bool:
    """Tell whether a folder has anything that a data root has at its top."""
    if any(is_folder(folder / name) for name in _FOLDERS):
        return True
    return any(is_there(folder / name) for name in _MARKS)


def root_around(folder: Path) -> Path | None:
    """Return the data root that a folder is in, if it is none itself."""
    if is_data_root(folder):
        return None
    above = folder.parents[:_LEVELS]
    return next((each for each in above if _is_filled(each)), None)


def meant_by(named: Path) -> Path | None:
    """Return the data root that was probably meant by a path that is none.

    It is the one that the path leads into, or the only one next to its end or in it;
    none where the system cannot look.
    """
    try:
        return _meant_by(Path(real_path(named)))
    except OSError:
        return None


def _meant_by(start: Path) -> Path | None:
    while not is_folder(start):
        start = start.parent
    around = [start, *start.parents[:_LEVELS]]
    found = next((each for each in around if _is_filled(each)), None)
    if found:
        return found
    inside = [each for each in _folders_in(start) if _is_filled(each)]
    return inside[0] if len(inside) == 1 else None


def _is_filled(folder: Path) -> bool:
    return has_input(folder) or is_there(folder / "db/documents.sqlite")


def _folders_in(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir())[:_MOST_ENTRIES]:
        if is_folder(entry) and not _is_bundled(entry):
            yield entry


def _is_bundled(folder: Path) -> bool:
    return folder.name == _BUNDLED and is_there(folder.parent / "dbt_project.yml")
