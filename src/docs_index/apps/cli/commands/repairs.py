"""Suggest what could repair the rejected rows; repair nothing."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot, RunId
from docs_index.apps.cli.text_tables import print_next, print_table, say
from docs_index.errors import printable
from docs_index.ingest.suggestions import Summary, suggest_repairs
from docs_index.layout import open_filled_layout


def print_summary(summary: Summary, given_root: object) -> None:
    """Print the counts of suggestions, and what to do with them."""
    run_id = printable(summary.run_id)
    typer.echo(f"data root {printable(summary.data_root)}, run_id {run_id}")
    print_table("rejected rows", summary.bad_rows.items())
    print_table("rows with suggestions", summary.rows_with_suggestions.items())
    print_table("suggestions", summary.suggestions.items())
    state = "written" if summary.is_new else "nothing new in"
    typer.echo(f"\n{state}: {summary.output}")
    if not summary.suggestions:
        typer.echo("no suggestions")
        return
    say(
        "Nothing is repaired yet. Copy the rows that are right, with the header, into "
        "7_cross_experiment/generation_repairs.csv."
    )
    print_next([("docs-index run", "applies the repairs")], given_root)


def suggest(
    data_root: DataRoot = None,
    run_id: RunId = None,
    as_json: AsJson = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing but errors.")
    ] = False,
) -> None:
    """Suggest how to repair the rejected rows; repair nothing.

    Example: docs-index repairs --data-root ~/experiment
    """
    with ending_cleanly():
        summary = suggest_repairs(open_filled_layout(data_root), run_id)
        if as_json:
            typer.echo(json.dumps(asdict(summary), indent=2, ensure_ascii=False))
        elif not quiet:
            print_summary(summary, data_root)


app = command(suggest)
