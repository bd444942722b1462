"""Rebuild the SQLite index from the documents' directories."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, NEEDS_A_PERSON
from docs_index.apps.cli.finding_output import print_findings
from docs_index.apps.cli.options import AsJson, DataRoot, Quiet, Replace, Workers
from docs_index.apps.cli.progress import shown_progress
from docs_index.apps.cli.text_tables import on_terminal
from docs_index.audit.reindex import Options, Summary, reindex
from docs_index.errors import DocsIndexError
from docs_index.layout import open_filled_layout


def closing_lines(summary: Summary) -> str:
    """Return the closing message: what was written, and what to do next."""
    if not summary.output:
        return (
            f"{summary.left_out} documents have no usable row: nothing was "
            "written.\nRestore them with docs-index restore, move them away, or pass "
            "--skip-damaged."
        )
    left_out = f", {summary.left_out} documents left out" if summary.left_out else ""
    return (
        f"{summary.documents} documents in {summary.output}{left_out}\n"
        "Its lists are empty: once it is db/documents.sqlite, docs-index run writes "
        "them."
    )


def reindex_documents(
    data_root: DataRoot = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The new index (default: db/documents.reindexed.sqlite).",
        ),
    ] = None,
    replace: Replace = False,
    skip_damaged: Annotated[
        bool,
        typer.Option(
            "--skip-damaged",
            help="Leave out damaged documents, and their descendants.",
        ),
    ] = False,
    as_json: AsJson = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Rebuild the index from the metadata.json of all documents alone.

    Example: docs-index reindex --data-root ~/experiment
    """
    with ending_cleanly():
        layout = open_filled_layout(data_root)
        options = Options(
            output=(output or layout.reindexed).absolute(),
            replace=replace,
            skip_damaged=skip_damaged,
            workers=workers or os.cpu_count() or 1,
        )
        with shown_progress(quiet=quiet) as progress:
            summary = reindex(layout, options, progress)
        if as_json:
            findings = [each._asdict() for each in summary.findings]
            found = asdict(summary) | {"findings": findings}
            typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        else:
            print_findings(summary.findings)
            is_table = bool(summary.findings) and not on_terminal()
            typer.echo(f"\n{closing_lines(summary)}", err=is_table)
    if not summary.output:
        raise typer.Exit(DocsIndexError.exit_code)
    raise typer.Exit(NEEDS_A_PERSON if summary.findings else DONE)


app = command(reindex_documents, NEEDS_A_PERSON)
