"""The command `docs-index unpack`."""

from pathlib import Path
from typing import Annotated

import typer

from docs_index.apps.cli import filter_options
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import NEEDS_A_PERSON, ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.text_tables import show_json
from docs_index.errors import printable
from docs_index.index.filters import Filters
from docs_index.index.reader import open_documents
from docs_index.index.unpacking import unpack


@filter_options.with_filters
def unpack_documents(
    filters: Filters,
    to: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The new folder to write them to.")
    ],
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Write documents as directories in a new folder, packed or not.

    The files are those of the layout `directories`, byte for byte.

    Example: docs-index unpack --stage essay --latest --to ~/essays
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        condition, values = filters.condition()
        found = documents.select(f"where {condition} order by stage, doc_id", *values)
        count = unpack(documents, found, to.absolute())
    if as_json:
        show_json({"folder": str(to), "documents": count})
    elif not count:
        typer.echo("no document matches these options: nothing was written", err=True)
    else:
        typer.echo(f"{count} documents in {printable(str(to))}")


app = command(unpack_documents, NEEDS_A_PERSON)
