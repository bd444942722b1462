"""Files that are installed beside the modules: statements, and words for people."""

import csv
from importlib.resources import files


def sql(name: str) -> str:
    """Return a statement of a room: `audit/found.sql` is `audit/sql/found.sql`."""
    room, _, file = name.rpartition("/")
    return files("docs_index").joinpath(room, "sql", file).read_text("utf-8")


def rendered(name: str) -> str:
    """Return a statement that `make sql` has rendered from the dbt project."""
    folder = files("docs_index").joinpath("warehouse", "rendered")
    return folder.joinpath(name).read_text("utf-8")


def words(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of words, such as `audit/findings.csv`."""
    text = files("docs_index").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
