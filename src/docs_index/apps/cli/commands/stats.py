"""The command `docs-index stats`."""

from docs_index.apps.cli import views
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.score_table import scores
from docs_index.apps.cli.text_tables import show_json
from docs_index.index import counts
from docs_index.index.reader import open_documents


def stats(as_json: AsJson = False, data_root: DataRoot = None) -> None:
    """Count documents, their sizes, and rejected rows.

    Example: docs-index stats
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        found = counts.stats(documents) | {
            "tokens": None,
            "scores": scores(documents.layout),
        }
        if as_json:
            show_json(found)
        else:
            views.show_stats(found)


app = command(stats)
