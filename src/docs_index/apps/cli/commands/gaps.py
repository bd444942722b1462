"""The command `docs-index gaps`."""

from typing import Annotated

import typer

from docs_index.apps.cli import views
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.text_tables import show_json
from docs_index.index import counts
from docs_index.index.reader import open_documents


def gaps(
    everything: Annotated[
        bool, typer.Option("--all", help="Also the pairs that have documents.")
    ] = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """List the pairs of template and model that lack a good document.

    Example: docs-index gaps
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        found = counts.gaps(documents, everything=everything)
        if as_json:
            show_json({"gaps": found})
        else:
            views.show_gaps(found)


app = command(gaps)
