"""The command `docs-index why`."""

from docs_index.apps.cli import filter_options
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import ALL, AsJson, DataRoot, Limit
from docs_index.apps.cli.text_tables import show_json
from docs_index.apps.cli.why_view import show_reasons
from docs_index.index.reader import open_documents
from docs_index.index.why import explained


def tell_why(
    name: filter_options.Attempt,
    limit: Limit = 20,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Say what became of a row or a task, and by which rule.

    Example: docs-index why essay:7
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        found = explained(documents, name, limit or ALL)
        if as_json:
            show_json(found)
        else:
            show_reasons(found)


app = command(tell_why)
