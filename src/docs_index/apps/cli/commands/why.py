"""The command `docs-index why`."""

from docs_index.apps.cli import filter_options
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import ALL, AsJson, DataRoot, Limit
from docs_index.apps.cli.text_tables import show_json
from docs_index.apps.cli.why_view import show_reasons
from docs_index.index.reader import Documents, open_documents
from docs_index.index.why import Rejected, explained


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
        found = explained(documents, name, limit or ALL, _rejected_in(documents))
        if as_json:
            show_json(found)
        else:
            show_reasons(found)


def _rejected_in(documents: Documents) -> Rejected:
    """Return what finds rejected records; DuckDB is imported when it is called."""

    def find(name: str) -> list[tuple[str, int, str]]:
        from docs_index.warehouse.rejected_records import rejected_records

        return rejected_records(documents.layout, name)

    return find


app = command(tell_why)
