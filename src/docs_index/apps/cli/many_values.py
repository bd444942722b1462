"""A command whose repeatable options take several values, as in `--of a b`.

The parser below Typer knows only `--of a --of b`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperOption


class ManyValuesCommand(TyperCommand):
    """A command without arguments; each repeatable option may have several values."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words of a command line, with such options once for each value."""
        names = {
            name
            for option in self.params
            if isinstance(option, TyperOption) and option.multiple
            for name in option.opts
        }
        return super().parse_args(ctx, list(_repeated(args, names)))


def _repeated(args: Sequence[str], names: set[str]) -> Iterator[str]:
    """Yield the words, such an option before each of its values.

    Raises:
        typer.BadParameter: such an option has no value.
    """
    option, has_value = "", False
    for arg in args:
        if option and not arg.startswith("-"):
            yield f"{option}={arg}"
            has_value = True
            continue
        _refuse_bare(option, has_value=has_value)
        option, has_value = arg.partition("=")[0], "=" in arg
        if option not in names:
            option = ""
        if not option or has_value:
            yield arg
    _refuse_bare(option, has_value=has_value)


def _refuse_bare(option: str, *, has_value: bool) -> None:
    if option and not has_value:
        raise typer.BadParameter(f"option {option} needs a value")
