"""Tell a data root from other folders, and say which folder was probably meant.

Owns the marks of a data root. Looks at names only, a few levels up and one down, and
writes nothing.
"""

from collections.abc import Iterator
from pathlib import Path

from docs_index.paths import is_folder, is_there, real_path
from docs_index.resources import seed
from docs_index.vocabulary import STAGES

RESULTS_FOLDER = "7_cross_experiment"
TABLES = tuple(
    f"{RESULTS_FOLDER}/{row['results_table']}.csv"
    for row in seed("sources")
    if row["results_table"]
)
"""The results tables, relative to a data root."""

_FOLDERS = (RESULTS_FOLDER, "gens", "1_raw", "2_tasks", "3_generation")
_OF_DOCUMENTS = ("db/documents.sqlite", *(f"docs/{stage}" for stage in STAGES))
_LEVELS = 3  # how much too deep a folder is looked for
_MOST_ENTRIES = 1000  # of a folder in which a data root is looked for
_BUNDLED = "sample"  # next to dbt_project.yml: for trying things out


def has_input(folder: Path) -> bool:
    """Tell whether a folder has a results table, or generations of cohorts."""
    tables = (folder / table for table in TABLES)
    return any(map(is_there, tables)) or is_folder(folder / "gens")


def is_data_root(folder: Path) -> bool:
    """Tell whether a folder has anything that a data root has at its top."""
    if any(is_folder(folder / name) for name in _FOLDERS):
        return True
    return any(is_there(folder / name) for name in _OF_DOCUMENTS)


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
    is_project = is_there(folder / "dbt_project.yml")
    for entry in sorted(folder.iterdir())[:_MOST_ENTRIES]:
        if is_folder(entry) and not (is_project and entry.name == _BUNDLED):
            yield entry
