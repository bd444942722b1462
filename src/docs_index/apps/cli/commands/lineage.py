"""The command `docs-index lineage`."""

from docs_index.apps.cli import filter_options, views
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.text_tables import show_json
from docs_index.errors import DocsIndexError
from docs_index.index.lineage import tree
from docs_index.index.lookup import chosen
from docs_index.index.reader import open_documents


def lineage(
    name: filter_options.Id,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Show what a document was made from, and what was made from it.

    Example: docs-index lineage 6z2j
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        document = chosen(documents, name)
        found = tree(documents, document)
        if as_json:
            try:
                show_json({"doc_id": document.doc_id, "tree": found})
            except RecursionError:
                raise DocsIndexError(
                    "the tree is too deep to be JSON: leave --json out, or ask the "
                    "table document_links"
                ) from None
        else:
            views.show_tree(found, document.doc_id)


app = command(lineage)
