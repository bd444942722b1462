"""The command `docs-index why`."""

from typing import Annotated

import typer

from docs_index.apps.cli import filter_options
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.text_tables import show_json
from docs_index.apps.cli.why_view import show_reasons
from docs_index.index.reader import open_documents
from docs_index.index.why import explained

_ALL = -1  # what SQLite takes for no limit


def tell_why(
    name: filter_options.Attempt,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0: all.")] = 20,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Tell what became of a row or a task, by which rule, and what else was considered.

    Example: docs-index why essay:7
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        found = explained(documents, name, limit or _ALL)
        if as_json:
            show_json(found)
        else:
            show_reasons(found)
