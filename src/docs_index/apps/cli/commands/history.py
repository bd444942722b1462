"""The commands `docs-index history …`: other tools' files, before they are built of."""

from typing import ClassVar

import typer

from docs_index.apps.cli.command import PLAIN
from docs_index.apps.cli.command_group import CommandGroup


class _Commands(CommandGroup):
    sections: ClassVar = {"Commands": ("init", "check")}
    prefix = "history_"


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    **PLAIN,
    add_completion=False,
)


@app.callback()
def start() -> None:
    """Bring the files of other tools in, by histories.yml.

    Example: docs-index history init exports/answers.jsonl
    """
