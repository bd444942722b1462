"""Files that are installed beside the modules: statements, and words for people."""

import csv
from importlib.resources import files


def sql(name: str) -> str:
    """Return the text of a statement in `sql/`."""
    return (files("docs_index") / "sql" / name).read_text("utf-8")


def words(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of words, such as `findings.csv`."""
    text = (files("docs_index") / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
