"""Write the scores of all evaluations of the generation store to one table."""

from dataclasses import asdict

import typer

from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.score_output import print_aggregated
from docs_index.apps.cli.text_tables import show_json
from docs_index.cohorts.aggregate import aggregate_scores
from docs_index.layout import open_cohort_layout

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(as_json: AsJson = False, data_root: DataRoot = None) -> None:
    """Write 7_cross_experiment/aggregated_scores.csv, a row per evaluation.

    Example: python scripts/aggregate_scores.py
    """
    with ending_cleanly():
        summary = aggregate_scores(open_cohort_layout(data_root))
        if as_json:
            show_json(asdict(summary))
        else:
            print_aggregated(summary)
