"""Names, texts and paths as DuckDB takes them, where it takes no parameters."""

import os
import re


def identifier(name: str) -> str:
    """Return a column's name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | os.PathLike[str]) -> str:
    """Return a text or path in single quotes."""
    return "'" + str(text).replace("'", "''") + "'"


def glob_escaped(path: str | os.PathLike[str]) -> str:
    """Return a path that a reader of files does not take for a glob pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))
