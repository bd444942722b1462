"""How a command of the program is made: one file of `commands/` holds one.

Owns what all commands share: `-h`, and the exit codes in the help. A file of
`commands/` has a function with the options, and ends with `app = command(function)`.
"""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand

from docs_index.apps.cli.exits import MEANINGS, OF_ALL

PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
"""The settings of every command and group of commands."""


def command(
    function: Callable[..., None],
    *codes: int,
    cls: type[TyperCommand] | None = None,
) -> typer.Typer:
    """Make a command of a function; `codes` are its exit codes besides those of all."""
    app = typer.Typer(add_completion=False, **PLAIN)
    app.command(cls=cls, epilog=_exit_codes(*codes))(function)
    return app


def _exit_codes(*codes: int) -> str:
    """Return the exit codes as a paragraph of a help text, a line each."""
    lines = [f"{code:>4}  {MEANINGS[code]}" for code in sorted({*OF_ALL, *codes})]
    return "\n".join(["\b", "Exit codes:", *lines])  # \b keeps the lines apart
