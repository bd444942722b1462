"""The command `docs-index ls`."""

import typer

from docs_index.apps.cli import filter_options, views
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import ALL, AsJson, DataRoot, Limit
from docs_index.apps.cli.text_tables import show_json
from docs_index.index import shapes
from docs_index.index.filters import Filters
from docs_index.index.reader import open_documents
from docs_index.index.row import LATEST_FIRST


@filter_options.with_filters
def list_documents(
    filters: Filters,
    limit: Limit = 50,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """List documents, the newest first.

    Example: docs-index ls --template 'bridge-*' --since 2025-02 --limit 10
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        condition, values = filters.condition()
        total = documents.count(condition, *values)
        query = f"where {condition} order by {LATEST_FIRST} limit ?"
        found = list(documents.select(query, *values, limit or ALL))
        if as_json:
            listed = [shapes.as_object(each) for each in found]
            show_json({"total": total, "documents": listed})
            return
        views.show_documents(found)
        if len(found) < total:
            more = f"{len(found)} of {total} documents; --limit 0 lists all"
            typer.echo(more, err=True)


app = command(list_documents)
