"""The output of the scripts about scores: results on stdout, messages on stderr."""

import typer

from docs_index.apps.cli.console import print_table, print_written
from docs_index.cohorts.aggregate import Summary
from docs_index.errors import first_few, printable


def print_aggregated(summary: Summary) -> None:
    """Print how many evaluations have a score, and why the others have none."""
    typer.echo(f"data root {printable(summary.data_root)}")
    print_table(
        "evaluations",
        [
            ("with a score", summary.scored),
            ("without one", summary.evaluations - summary.scored),
        ],
    )
    print_table(
        "why without a score",
        [(name.replace("_", " "), count) for name, count in summary.unscored.items()],
    )
    if summary.unreadable:
        typer.echo(f"\ndirectories that were passed over: {len(summary.unreadable)}")
        typer.echo(printable(first_few(summary.unreadable)))
    print_written(summary.data_root, summary.changed_files, dry_run=False)
