"""Text tables that fit the terminal, or 80 columns without a terminal.

Owns how values look: they are cut to a width, and control characters are escaped.
Writes to stdout only.
"""

import json
import os
import shutil
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import typer

from docs_index.errors import printable

_GAP = "  "
_LEAST = 8


def show_json(value: object) -> None:
    """Print a value as JSON; non-ASCII text is kept, control characters are escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    typer.echo(printable_json(text))


def printable_json(text: str) -> str:
    """Return JSON in which control and invisible characters are JSON escapes."""
    return "".join(
        c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text
    )


def styled(text: str, **style: bool | str) -> str:
    """Return a text in bold, dim or a colour, unless NO_COLOR is set."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return typer.style(text, **style)  # type: ignore[arg-type]


def show_title(text: str) -> None:
    """Print the title of what follows."""
    typer.echo(styled(printable(text, keep=""), bold=True))


def show_table(
    rows: Sequence[Mapping[str, object]], columns: Iterable[str] | None = None
) -> None:
    """Print rows as a table; numbers are right-aligned, long texts are cut.

    A value that is missing is a dash, and leaves a column one of numbers.
    """
    if not rows:
        return
    names = list(columns or rows[0])
    numeric = {
        name
        for name in names
        if all(isinstance(row[name], int | float | None) for row in rows)
    }
    cells = [[_cell(row[name]) for name in names] for row in rows]
    widths = _widths([names, *cells])
    show = [[_fitted(n, w, n in numeric) for n, w in zip(names, widths, strict=True)]]
    for row in cells:
        columns_of_row = zip(row, widths, names, strict=True)
        show.append([_fitted(c, w, n in numeric) for c, w, n in columns_of_row])
    typer.echo(styled(_GAP.join(show[0]).rstrip(), dim=True))
    for line in show[1:]:
        typer.echo(_GAP.join(line).rstrip())


def show_fields(values: Mapping[str, object]) -> None:
    """Print names and values, one per line; a long value is wrapped."""
    indent = max(map(len, values), default=0)
    for name, value in values.items():
        text = _cell(value)
        room = terminal_columns() - indent - len(_GAP)
        pieces = [text[at : at + room] for at in range(0, len(text), room)] or [""]
        typer.echo(f"{styled(name.rjust(indent), dim=True)}{_GAP}{pieces[0]}".rstrip())
        for piece in pieces[1:]:
            typer.echo(f"{'':{indent}}{_GAP}{piece}")


def cut(text: str, width: int) -> str:
    """Return a text that fits a width; a longer one loses its middle."""
    if width_of(text) <= width:
        return text
    half = (width - 1) // 2
    head, tail = text[: width - 1 - half], text[len(text) - half :]
    while width_of(head) > width - 1 - half:
        head = head[:-1]
    while width_of(tail) > half:
        tail = tail[1:]
    return f"{head}…{tail}"


def width_of(text: str) -> int:
    """Return the columns that a text takes; wide East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def terminal_columns() -> int:
    """Return the terminal's width, 80 without a terminal."""
    return max(shutil.get_terminal_size((80, 24)).columns, 40)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return printable(str(value), keep="")
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _widths(cells: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns' widths; the widest shrink until all fit."""
    room = terminal_columns() - len(_GAP) * (len(cells[0]) - 1)
    widest = max(room, _LEAST)
    widths = [
        min(max(map(width_of, column)), widest) for column in zip(*cells, strict=True)
    ]
    while sum(widths) > room and max(widths) > _LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _fitted(text: str, width: int, is_number: bool) -> str:
    text = cut(text, width)
    blanks = " " * (width - width_of(text))
    return blanks + text if is_number else text + blanks
