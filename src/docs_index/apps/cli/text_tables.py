"""Tables and fields: for people on a terminal, for programs in a pipe.

Owns how values look, and the decision which of the two reads stdout. On a terminal a
table fits it: cells lose their middle, and where that is not enough, columns are left
out. In a pipe nothing is cut: a header, then one line per row, one tab between fields,
and numbers without separators. Control characters, tabs and line breaks are escaped in
both. Writes to stdout only.
"""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import typer

from docs_index.apps.cli.text_fit import cut, cut_apart, width_of, wrapped
from docs_index.errors import printable

_GAP = "  "
_LEAST = 8  # columns that a cell keeps when it is cut
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


def print_table(
    title: str, rows: Iterable[tuple[str, int] | tuple[str, int, str]]
) -> None:
    """Print names, counts and words under a title; nothing where all counts are 0."""
    counted = [row for row in rows if row[1]]
    if not counted:
        return
    typer.echo(f"\n{printable(title)}")
    texts = [(plain(row[0]), str(row[1]), *row[2:]) for row in counted]
    print_aligned(texts, numbers=1)


def root_option(data_root: object) -> str:
    """Return --data-root for a command that the user copies; empty without a root."""
    return f" --data-root {shlex.quote(str(data_root))}" if data_root else ""


def print_next(commands: Sequence[tuple[str, str]], data_root: object = None) -> None:
    """Print commands to go on with, and what each does.

    They get the data root that the user gave with --data-root.
    """
    at = root_option(data_root)
    if commands:
        typer.echo()
        heads = ["next", *("" for _ in commands[1:])]
        rows = [
            (head, f"{command}{at}", words)
            for head, (command, words) in zip(heads, commands, strict=True)
        ]
        print_aligned(rows, indent="")


def print_aligned(
    rows: Sequence[Sequence[str]], numbers: int | None = None, indent: str = "  "
) -> None:
    """Print rows: aligned on a terminal, else with tabs.

    The column `numbers` is right-aligned. Only the last one is wrapped: the others may
    be commands or paths, which the user copies.
    """
    if not on_terminal():
        for row in rows:
            typer.echo("\t".join(map(plain, row)).rstrip("\t"))
        return
    columns = range(max(map(len, rows)) - 1)
    widths = [max(width_of(row[column]) for row in rows) for column in columns]
    for row in rows:
        cells = [
            text.rjust(width)
            if column == numbers
            else text + " " * (width - width_of(text))
            for column, (text, width) in enumerate(zip(row, widths, strict=False))
        ]
        line = indent + "  ".join([*cells, ""])
        room = max(terminal_columns() - width_of(line), _LEAST)
        for piece in wrapped("".join(row[len(widths) :]), room) or [""]:
            typer.echo(f"{line}{piece}".rstrip())
            line = " " * width_of(line)


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
