"""Write the documents of the last `dbt build`, and index them."""

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

from docs_index.apps.cli.console import (
    ending_cleanly,
    exit_code,
    print_summary,
)
from docs_index.apps.cli.options import AsJson, DataRoot, Quiet, RunId, Workers
from docs_index.apps.cli.progress import shown_progress
from docs_index.ingest.materialize import Options, materialize
from docs_index.layout import open_filled_layout

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    data_root: DataRoot = None,
    run_id: RunId = None,
    dry_run: Annotated[
        bool, typer.Option(help="Print the plan and write nothing.")
    ] = False,
    as_json: AsJson = False,
    workers: Workers = None,
    link: Annotated[
        bool,
        typer.Option(
            help="Make parsed.txt a hard link to raw.txt where both are equal: it "
            "takes no room, but an edit of one edits both."
        ),
    ] = False,
    quiet: Quiet = False,
    strict: Annotated[
        bool,
        typer.Option(help="Exit with 3 when rows are in the bad list, or notices."),
    ] = False,
    allow_shrunk: Annotated[
        bool,
        typer.Option(
            "--allow-shrunk",
            help="Go on where a table has lost the rows of most of its documents.",
        ),
    ] = False,
) -> None:
    """Write the documents of the last `dbt build`, and index them.

    Example: python scripts/materialize_docs.py --data-root ~/experiment --dry-run
    """
    with ending_cleanly():
        options = Options(
            run_id=run_id,
            dry_run=dry_run,
            workers=workers or os.cpu_count() or 1,
            link=link,
            allow_shrunk=allow_shrunk,
        )
        with shown_progress(quiet=quiet) as progress:
            summary = materialize(open_filled_layout(data_root), options, progress)
        if as_json:
            typer.echo(json.dumps(asdict(summary), indent=2))
        else:
            print_summary(summary)
    raise typer.Exit(exit_code(summary, strict=strict))
