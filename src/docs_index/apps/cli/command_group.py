"""Groups of commands, whose modules are imported when they are needed.

Owns how the names of commands lead to files of `commands/`: `docs-index verify` is
`commands/verify.py`, and `docs-index cohort run` is `commands/cohort_run.py`. So a
command that only reads starts without DuckDB, which others import.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup

_COMMANDS = "docs_index.apps.cli.commands"


class _Imported(Mapping[str, Any]):
    """The commands of a group by name; each is imported when it is looked up."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self._modules = modules

    def __getitem__(self, name: str) -> Any:
        app = import_module(f"{_COMMANDS}.{self._modules[name]}").app
        found = typer.main.get_command(app)
        found.name = name
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


class CommandGroup(TyperGroup):
    """A group that shows its commands in sections.

    Attributes:
        sections: the names of the commands by the title of their section.
        prefix: what the names of their modules begin with.
    """

    sections: ClassVar[Mapping[str, tuple[str, ...]]]
    prefix: ClassVar[str] = ""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        names = [name for section in self.sections.values() for name in section]
        modules = {name: f"{self.prefix}{name}" for name in names}
        self.commands = _Imported(modules)  # type: ignore[assignment]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of each section with the first sentence of their help."""
        for title, names in self.sections.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(name, self._summary(ctx, name)) for name in names],
                    col_max=max(map(len, self.commands)) + 4,
                )

    def _summary(self, ctx: Any, name: str) -> str:
        found = self.get_command(ctx, name)
        return found.get_short_help_str(limit=72) if found else ""
