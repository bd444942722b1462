"""The command `docs-index show`."""

from docs_index.apps.cli import filter_options, views
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.text_tables import show_json
from docs_index.index import shapes
from docs_index.index.lookup import chosen
from docs_index.index.reader import open_documents


def show(
    name: filter_options.Id,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Show a document: its row, its files and its lineage.

    Example: docs-index show 6z2j
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        found = shapes.in_full(documents, chosen(documents, name))
        if as_json:
            show_json(found)
        else:
            views.show_in_full(found)


app = command(show)
