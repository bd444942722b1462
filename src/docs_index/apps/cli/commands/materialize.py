"""Write the documents of the last `dbt build`, and index them."""

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly, exit_code
from docs_index.apps.cli.exits import HAS_BAD_ROWS, NEEDS_A_PERSON
from docs_index.apps.cli.options import (
    AllowShrunk,
    AsJson,
    DataRoot,
    Link,
    NewIndex,
    NewLayout,
    Quiet,
    RunId,
    Strict,
    Workers,
)
from docs_index.apps.cli.progress import shown_progress
from docs_index.apps.cli.run_output import print_summary
from docs_index.ingest.materialize import Options, materialize
from docs_index.layout import open_filled_layout


def materialize_documents(
    data_root: DataRoot = None,
    run_id: RunId = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and write nothing.")
    ] = False,
    as_json: AsJson = False,
    workers: Workers = None,
    layout: NewLayout = None,
    index_format: NewIndex = None,
    link: Link = False,
    quiet: Quiet = False,
    strict: Strict = False,
    allow_shrunk: AllowShrunk = False,
) -> None:
    """Write the documents of the last `dbt build`, and index them.

    Example: docs-index materialize --data-root ~/experiment --dry-run
    """
    with ending_cleanly():
        options = Options(
            run_id=run_id,
            dry_run=dry_run,
            workers=workers or os.cpu_count() or 1,
            link=link,
            allow_shrunk=allow_shrunk,
            kind=layout,
            index_format=index_format,
        )
        with shown_progress(quiet=quiet) as progress:
            summary = materialize(open_filled_layout(data_root), options, progress)
        if as_json:
            typer.echo(json.dumps(asdict(summary), indent=2))
        else:
            print_summary(summary, data_root)
    raise typer.Exit(exit_code(summary, strict=strict))


app = command(materialize_documents, NEEDS_A_PERSON, HAS_BAD_ROWS)
