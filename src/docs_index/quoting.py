"""Quote identifiers and literals for statements that cannot have parameters."""

import os
import re
from collections.abc import Iterable


def identifier(name: str) -> str:
    """Return a column's name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | os.PathLike[str]) -> str:
    """Return a text or path in single quotes."""
    return "'" + str(text).replace("'", "''") + "'"


def glob_escaped(path: str | os.PathLike[str]) -> str:
    """Return a path in which DuckDB's file readers see no glob pattern."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def column_types(columns: Iterable[tuple[str, object]]) -> str:
    """Return names and types as the option `columns` of read_csv and read_json."""
    pairs = (f"{literal(name)}: {literal(str(kind))}" for name, kind in columns)
    return f"{{{', '.join(pairs)}}}"
