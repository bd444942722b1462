"""The command `docs-index`: everything the program does, by name."""

from importlib.metadata import version
from typing import Annotated, ClassVar

import typer

from docs_index.apps.cli.command import PLAIN
from docs_index.apps.cli.command_group import CommandGroup


class _Commands(CommandGroup):
    sections: ClassVar = {
        "From files to documents": ("run", "plan", "status", "materialize", "sample"),
        "Look things up": (
            "ls", "show", "cat", "search", "lineage", "why", "gaps", "stats", "export",
            "unpack",
        ),
        "Check and mend": ("verify", "restore", "reindex", "repack", "repairs"),
        "Pages": ("report", "browse"),
        "New evaluations": ("cohort",),
        "Other tools' files": ("history",),
    }  # fmt: skip


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"docs-index {version('docs-index')}")
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    **PLAIN,
    epilog="`docs-index COMMAND -h` shows the options of a command.",
)


@app.callback()
def start(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version.", is_eager=True, callback=_show_version
        ),
    ] = False,
) -> None:
    """Turn the files of LLM experiments into an index of documents with true lineage.

    Begin with: docs-index plan --data-root ~/experiment
    """
