"""The package's files that are not modules: SQL statements and tables of words.

Owns their paths, in a checkout and in an installed package. Reads these files, and
writes none.
"""

import csv
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
"""The folder of the package."""

_SHIPPED = PACKAGE / "project"
IS_INSTALLED = _SHIPPED.is_dir()
"""Whether the package has the dbt project in it, as one that pip has installed."""

PROJECT = _SHIPPED if IS_INSTALLED else PACKAGE.parents[1]
"""The folder of the dbt project."""

SAMPLE = PROJECT / "sample"
"""The data root that comes with the program."""


def sql(name: str) -> str:
    """Return a statement of a room: `audit/found.sql` is `audit/sql/found.sql`."""
    room, _, file = name.rpartition("/")
    return (PACKAGE / room / "sql" / file).read_text("utf-8")


def rendered(name: str) -> str:
    """Return a statement that `make sql` has rendered from the dbt project."""
    return (PACKAGE / "warehouse" / "rendered" / name).read_text("utf-8")


def words(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of words, such as `audit/findings.csv`."""
    return _rows(PACKAGE / name)


def seed(name: str) -> list[dict[str, str]]:
    """Return the rows of a seed of the dbt project, such as `reasons`."""
    return _rows(seed_file(name))


def seed_file(name: str) -> Path:
    """Return where the CSV file of a seed is."""
    return PROJECT / "seeds" / f"{name}.csv"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
