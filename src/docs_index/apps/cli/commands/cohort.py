"""The commands `docs-index cohort …`: one campaign, from the choice to the scores."""

from typing import ClassVar

import typer

from docs_index.apps.cli.command import PLAIN
from docs_index.apps.cli.command_group import CommandGroup


class _Commands(CommandGroup):
    sections: ClassVar = {
        "Commands, in the order of a campaign": (
            "adopt", "select", "build", "run", "status", "scores", "aggregate",
        ),
    }  # fmt: skip
    prefix = "cohort_"


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    **PLAIN,
    add_completion=False,
)


@app.callback()
def start() -> None:
    """Evaluate essays again, and pay only for what is missing.

    Example: docs-index cohort run spring --max-cost 5
    """
