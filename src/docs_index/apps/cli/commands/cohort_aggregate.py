"""Write the scores of all evaluations of the generation store to one table."""

from dataclasses import asdict

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.score_output import print_aggregated
from docs_index.apps.cli.text_tables import show_json
from docs_index.cohorts.aggregate import aggregate_scores
from docs_index.layout import open_cohort_layout


def aggregate(as_json: AsJson = False, data_root: DataRoot = None) -> None:
    """Write the scores of all evaluations to one table.

    It is 7_cross_experiment/aggregated_scores.csv.

    Example: docs-index cohort aggregate
    """
    with ending_cleanly():
        summary = aggregate_scores(open_cohort_layout(data_root))
        if as_json:
            show_json(asdict(summary))
        else:
            print_aggregated(summary)


app = command(aggregate)
