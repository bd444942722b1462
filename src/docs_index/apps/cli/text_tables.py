"""Tables and fields: for people on a terminal, for programs in a pipe.

Owns how values look, and the decision which of the two reads stdout. On a terminal a
table fits it: cells lose their middle, and where that is not enough, columns are left
out. In a pipe nothing is cut: a header, then one line per row, one tab between fields,
and numbers without separators. Control characters, tabs and line breaks are escaped in
both. Writes to stdout only.
"""

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial

import typer

from docs_index.errors import printable

_GAP = "  "
_LEAST = 8  # columns that a cell keeps when it is cut
_MOST_COMPARED = 500  # texts of a column that are compared, to cut them apart
# Columns whose values are short, or are what the user copies: they are never cut.
_WHOLE = frozenset(
    {"doc_id", "stage", "created", "status", "month", "reason", "kind", "row", "code"}
    | {"document", "name"}
)

_NEVER_ALIKE = ("doc_id", "created")  # by these all rows differ, and say nothing


def on_terminal() -> bool:
    """Tell whether a person reads stdout, and not a program or a file."""
    return bool(sys.stdout and sys.stdout.isatty())


def terminal_columns() -> int:
    """Return the terminal's width; at least 40."""
    return max(shutil.get_terminal_size((80, 24)).columns, 40)


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
    """Return a text in bold, dim or a colour, on a terminal without NO_COLOR."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if is_plain or not on_terminal():
        return text
    return typer.style(text, **style)  # type: ignore[arg-type]


def show_title(text: str) -> None:
    """Print the title of what follows."""
    typer.echo(styled(fitting(text), bold=True))


def show_table(
    rows: Sequence[Mapping[str, object]],
    columns: Iterable[str] | None = None,
    *,
    spare: Sequence[str] = (),
    short: Mapping[str, str] | None = None,
) -> None:
    """Print rows as a table.

    On a terminal numbers are right-aligned, a value that is missing is a dash, and
    `short` has shorter names of columns. The widest texts are cut first. If all that
    can be cut is, the columns of `spare` are left out, then the last ones. In a pipe
    the header is printed also without rows, if `columns` are given.
    """
    names = list(columns or (rows[0] if rows else ()))
    if not on_terminal():
        if names:
            typer.echo("\t".join(names))
        for row in rows:
            typer.echo("\t".join(plain(row[name]) for name in names))
    elif rows:
        _show_fitted(rows, names, spare, short or {})


def show_fields(values: Mapping[str, object]) -> None:
    """Print names and values, one per line; on a terminal a long value is wrapped."""
    if not on_terminal():
        for name, value in values.items():
            typer.echo(f"{name}\t{plain(value)}")
        return
    indent = max(map(len, values), default=0)
    for name, value in values.items():
        room = terminal_columns() - indent - len(_GAP)
        is_size = name.endswith("bytes") or value is None
        text = _cell(name, value) if is_size else plain(value)
        first, *others = wrapped(text, room) or [""]
        typer.echo(f"{styled(name.rjust(indent), dim=True)}{_GAP}{first}".rstrip())
        for piece in others:
            typer.echo(f"{'':{indent}}{_GAP}{piece}")


def say(text: str, indent: str = "") -> None:
    """Print a sentence: on a terminal in lines that fit it, else in one line.

    No word is broken, so that a path or an id can be copied.
    """
    text = printable(" ".join(text.split()), keep="")
    if on_terminal():
        room = terminal_columns() - len(indent)
        for line in wrapped(text, room, breaks_words=False):
            typer.echo(f"{indent}{line}")
    else:
        typer.echo(f"{indent}{text}")


def fitting(text: str) -> str:
    """Return a text as one line; on a terminal it loses its middle to fit."""
    text = printable(text, keep="")
    return cut(text, terminal_columns()) if on_terminal() else text


def plain(value: object) -> str:
    """Return a value as a field of a line for programs; it is empty without a value."""
    if value is None:
        return ""
    if isinstance(value, float) and "e" in repr(value):
        return f"{Decimal(repr(value)):f}"
    return printable(str(value), keep="")


def readable_bytes(size: int) -> str:
    """Return a number of bytes as a person reads it: three digits and a unit."""
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1000, larger
    digits = 2 if amount < 9.995 else 1 if amount < 99.95 else 0
    return f"{size} B" if unit == "B" else f"{amount:.{digits}f} {unit}"


def money(amount: float) -> str:
    """Return money with at least two decimals, and six digits of a small amount."""
    return f"{amount:,.2f}" if amount >= 100 or not amount else f"{amount:.6f}"


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


def cut_apart(
    texts: Sequence[str], width: int, others: Sequence[object] = ()
) -> list[str]:
    """Cut texts to a width, so that those that differ also look different.

    They lose their middle. If that makes different ones alike, the part that is kept
    is the one that tells most of them apart, the same in all. `others` has what else
    is seen of each text's row, by which it may differ from another.
    """
    seen = others or [None] * len(texts)
    different = list(dict.fromkeys(zip(texts, seen, strict=True)))[:_MOST_COMPARED]
    possible = (len(different), len({text for text, _ in different}))
    longest = max((len(text) for text, _ in different), default=0)
    best: _Way = _middle
    most = (-1, -1)
    for way in _ways(width, longest):
        shown = [(way(text, width), other) for text, other in different]
        apart = (len(set(shown)), len({text for text, _ in shown}))
        if apart > most:
            best, most = way, apart
        if apart == possible:
            break
    return [best(text, width) for text in texts]


def wrapped(text: str, width: int, *, breaks_words: bool = True) -> list[str]:
    """Return a text in lines of a width; only a word that is longer is broken."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if width_of(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while breaks_words and width_of(line) > width:
            piece = line[:width]
            while width_of(piece) > width:
                piece = piece[:-1]
            lines.append(piece)
            line = line[len(piece) :]
    return [*lines, line] if line else lines


def width_of(text: str) -> int:
    """Return the columns that a text takes; wide East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


_Way = Callable[[str, int], str]


def _middle(text: str, width: int) -> str:
    return cut(text, width)


def _ways(width: int, longest: int) -> Iterator[_Way]:
    """Yield ways of cutting: without the middle, then what is kept moves to the end."""
    yield _middle
    for start in range(1, min(longest - width + 3, _MOST_COMPARED)):
        yield partial(_window, start)


def _window(start: int, text: str, width: int) -> str:
    """Return what fits of a text from `start`, with dots for what is left out."""
    if width_of(text) <= width:
        return text
    start = min(start, len(text) - width + 1)
    piece = text[start : start + width - 1]
    if start + len(piece) < len(text):
        piece = f"{piece[:-1]}…"
    return cut(f"…{piece}", width)


def _show_fitted(
    rows: Sequence[Mapping[str, object]],
    names: list[str],
    spare: Sequence[str],
    short: Mapping[str, str],
) -> None:
    numeric = {
        name
        for name in names
        if all(isinstance(row[name], int | float | None) for row in rows)
    }
    heads = {name: short.get(name, name) for name in names}
    cells = {name: [_cell(name, row[name]) for row in rows] for name in names}
    wide = {name: max(map(width_of, (heads[name], *cells[name]))) for name in names}
    least = {
        name: wide[name] if name in numeric | _WHOLE else min(wide[name], _LEAST)
        for name in names
    }
    widths = _widths(wide, least, spare)
    lines = [[heads[name] for name in widths]]
    seen: list[tuple[str, ...]] = [()] * len(rows)
    for name in sorted(widths, key=lambda each: wide[each]):
        cells[name] = cut_apart(cells[name], widths[name], seen)
        if name not in _NEVER_ALIKE:
            seen = [(*row, cell) for row, cell in zip(seen, cells[name], strict=True)]
    columns = (cells[name] for name in widths)
    lines += map(list, zip(*columns, strict=True))
    for number, line in enumerate(lines):
        shown = _GAP.join(
            _aligned(cut(text, width), width, name in numeric)
            for text, (name, width) in zip(line, widths.items(), strict=True)
        ).rstrip()
        typer.echo(shown if number else styled(shown, dim=True))


def _widths(
    wide: Mapping[str, int], least: Mapping[str, int], spare: Sequence[str]
) -> dict[str, int]:
    """Return the widths of the columns that are shown, so that they fit."""
    shown = dict(wide)
    order = [*(name for name in spare if name in wide), *reversed(list(wide))]

    def room() -> int:
        return terminal_columns() - len(_GAP) * (len(shown) - 1)

    for name in order:
        if len(shown) > 1 and sum(least[each] for each in shown) > room():
            shown.pop(name, None)
    excess = sum(shown.values()) - room()
    while excess > 0:
        name = max(shown, key=lambda each: (shown[each] > least[each], shown[each]))
        if shown[name] <= least[name] and len(shown) > 1:
            break
        shown[name] -= 1
        excess -= 1
    return shown


def _cell(name: str, value: object) -> str:
    """Return a value as a person reads it in a column of that name."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return printable(str(value), keep="")
    if name.endswith("bytes") and isinstance(value, int):
        return readable_bytes(value)
    if name == "money":
        return money(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _aligned(text: str, width: int, is_number: bool) -> str:
    blanks = " " * (width - width_of(text))
    return blanks + text if is_number else text + blanks
