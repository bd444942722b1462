"""Check that the index and the documents' directories agree; change nothing."""

import json
import os
import re
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, NEEDS_A_PERSON
from docs_index.apps.cli.finding_output import print_report
from docs_index.apps.cli.options import AsJson, DataRoot, EvaluationRoot, Quiet, Workers
from docs_index.apps.cli.progress import shown_progress
from docs_index.audit.findings import as_object
from docs_index.audit.verify import Options, verify
from docs_index.layout import RESPONSES, open_filled_layout


def share(read_data: str) -> float:
    """Return the share of documents to read: of `all`, `none`, or a number and `%`."""
    if read_data in ("all", "none"):
        return float(read_data == "all")
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]+)?)%", read_data)
    if not found or float(found[1]) > 100:
        raise typer.BadParameter("must be all, none, or a share like 5%")
    return float(found[1]) / 100


def verify_documents(
    data_root: DataRoot = None,
    read_data: Annotated[
        str,
        typer.Option(
            metavar="all|none|5%",
            help="Read and hash the texts of all documents, of none, or of a share "
            "(always the same documents). Sizes are always checked.",
        ),
    ] = "none",
    evaluation_root: EvaluationRoot = None,
    as_json: AsJson = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Check that index and directories agree; change nothing.

    Example: docs-index verify --data-root ~/experiment --read-data 5%
    """
    with ending_cleanly():
        options = Options(
            share=share(read_data),
            read_data=read_data,
            evaluation_root=evaluation_root or RESPONSES,
            workers=workers or os.cpu_count() or 1,
        )
        with shown_progress(quiet=quiet) as progress:
            report = verify(open_filled_layout(data_root), options, progress)
        if as_json:
            typer.echo(json.dumps(as_object(report), indent=2, ensure_ascii=False))
        else:
            print_report(report)
    raise typer.Exit(NEEDS_A_PERSON if report.findings else DONE)


app = command(verify_documents, NEEDS_A_PERSON)
