"""Change how the documents of a data root, or their index rows, are stored."""

from dataclasses import asdict
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import NEEDS_A_PERSON
from docs_index.apps.cli.options import AsJson, DataRoot, Quiet
from docs_index.apps.cli.progress import shown_progress
from docs_index.apps.cli.text_tables import show_json
from docs_index.audit.repack import Summary, merge, move_rows, repack
from docs_index.layout import FORMATS, IndexFormat, LayoutKind, open_filled_layout


def in_words(summary: Summary, *, says_rows: bool = False) -> str:
    """Return what a repacking did, as a sentence."""
    where = "as directories"
    if summary.layout == "packed":
        where = f"in {summary.shards} shard{'' if summary.shards == 1 else 's'}"
    if says_rows or summary.index_format == "parquet":
        where += f" and their index rows in {FORMATS[summary.index_format]}"
    is_new = "now" if summary.is_changed else "already: nothing to do"
    return f"{summary.documents} documents {where} {is_new}"


def repack_documents(
    layout: Annotated[
        LayoutKind | None, typer.Option(help="How to store the documents.")
    ] = None,
    index_format: Annotated[
        IndexFormat | None,
        typer.Option(
            "--index", help="Where to keep the index rows of packed documents."
        ),
    ] = None,
    join: Annotated[
        bool,
        typer.Option(
            "--merge",
            help="Join small shards of a packed data root, and small files of index "
            "rows.",
        ),
    ] = False,
    data_root: DataRoot = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Store documents as directories, or packed in few files.

    The content of documents and of index rows stays as it is.

    Example: docs-index repack --layout packed --data-root ~/experiment
    """
    if [layout is not None, index_format is not None, join].count(True) != 1:
        raise typer.BadParameter("give one of --layout, --index and --merge")
    with ending_cleanly():
        root = open_filled_layout(data_root)
        with shown_progress(quiet=quiet) as progress:
            if layout:
                summary = repack(root, layout, progress)
            elif index_format:
                summary = move_rows(root, index_format)
            else:
                summary = merge(root, progress)
        if as_json:
            show_json(asdict(summary))
        else:
            typer.echo(in_words(summary, says_rows=index_format is not None))


app = command(repack_documents, NEEDS_A_PERSON)
