"""The command `docs-index`: look things up in the index of a data root."""

import signal

import typer

from docs_index.apps.cli.commands import (
    cat,
    export,
    gaps,
    lineage,
    ls,
    search,
    show,
    stats,
    why,
)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def start() -> None:
    """Look things up in the index of a data root; no document is changed.

    Example: docs-index ls --stage essay --latest
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `docs-index ls | head` ends quietly


app.command("ls")(ls.list_documents)
app.command("show")(show.show)
app.command("cat")(cat.cat)
app.command("search")(search.search_texts)
app.command("lineage")(lineage.lineage)
app.command("why")(why.tell_why)
app.command("gaps")(gaps.gaps)
app.command("stats")(stats.stats)
app.command("export")(export.export)
