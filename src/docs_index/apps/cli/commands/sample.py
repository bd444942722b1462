"""Copy the bundled sample to a folder, to try things out."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.errors import OutputExistsError, printable
from docs_index.paths import is_there
from docs_index.resources import SAMPLE


def sample(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The new folder.")
    ] = Path("data"),
) -> None:
    """Copy the bundled sample to a new folder, to try things out.

    Example: docs-index sample data
    """
    with ending_cleanly():
        if is_there(folder):
            raise OutputExistsError(f"{folder} exists: name a new folder")
        shutil.copytree(SAMPLE, folder, copy_function=shutil.copy)
    where = printable(str(folder))
    typer.echo(f"the sample is in {where}; next: docs-index run --data-root {where}")


app = command(sample)
