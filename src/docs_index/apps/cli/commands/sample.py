"""Copy the bundled sample to a folder, to try things out."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.text_tables import root_option
from docs_index.errors import OutputExistsError, StorageError, printable
from docs_index.paths import is_folder, is_there
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
        copy_whole(SAMPLE, folder)
        at = printable(root_option(folder))
        where = printable(str(folder))
        typer.echo(f"the sample is in {where}; next: docs-index run{at}")


def copy_whole(source: Path, folder: Path) -> None:
    """Copy a folder whole or not at all; all of it is writable, if the source is not.

    Raises:
        StorageError: it could not be written.
    """
    try:
        folder.mkdir(parents=True)
        for path in sorted(source.rglob("*")):
            copied = folder / path.relative_to(source)
            if is_folder(path):
                copied.mkdir()
            else:
                shutil.copyfile(path, copied)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise StorageError(f"{folder} cannot be made: {error.strerror}") from error
        raise


app = command(sample)
