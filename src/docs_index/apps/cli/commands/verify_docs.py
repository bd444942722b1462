"""Check that the index and the documents' directories agree; change nothing."""

import json
import os
import re
from typing import Annotated

import typer

from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, NEEDS_A_PERSON
from docs_index.apps.cli.options import AsJson, DataRoot, Quiet, Workers
from docs_index.apps.cli.progress import shown_progress
from docs_index.audit.findings import as_object, report_lines
from docs_index.audit.verify import Options, verify
from docs_index.layout import RESPONSES, open_filled_layout

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def share(read_data: str) -> float:
    """Return the share of documents to read: of `all`, `none`, or a number and `%`."""
    if read_data in ("all", "none"):
        return float(read_data == "all")
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]+)?)%", read_data)
    if not found or float(found[1]) > 100:
        raise typer.BadParameter("must be all, none, or a share like 5%")
    return float(found[1]) / 100


def folder_of_evaluations(folder: str) -> str:
    """Return a folder that is under the data root, as the dbt var must be."""
    if folder.startswith("/") or ".." in folder.split("/") or not folder.strip():
        message = "must be a folder under the data root, like 4_evaluation"
        raise typer.BadParameter(message)
    return folder


@app.command()
def main(
    data_root: DataRoot = None,
    read_data: Annotated[
        str,
        typer.Option(
            metavar="all|none|5%",
            help="Read and hash the texts of all documents, of none, or of a share, "
            "always the same one. Sizes are checked anyway.",
        ),
    ] = "none",
    evaluation_root: Annotated[
        str, typer.Option(help="As the dbt var: where evaluations' responses are.")
    ] = RESPONSES,
    as_json: AsJson = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Check that the index and the documents' directories agree; change nothing.

    Example: python scripts/verify_docs.py --data-root ~/experiment --read-data 5%
    """
    with ending_cleanly():
        options = Options(
            share=share(read_data),
            read_data=read_data,
            evaluation_root=folder_of_evaluations(evaluation_root),
            workers=workers or os.cpu_count() or 1,
        )
        with shown_progress(quiet=quiet) as progress:
            report = verify(open_filled_layout(data_root), options, progress)
        if as_json:
            typer.echo(json.dumps(as_object(report), indent=2, ensure_ascii=False))
        else:
            for line in report_lines(report):
                typer.echo(line)
    raise typer.Exit(NEEDS_A_PERSON if report.findings else DONE)
