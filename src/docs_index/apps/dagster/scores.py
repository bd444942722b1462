"""The group `scores`: the table of the scores of all evaluations."""

from typing import Any

import dagster as dg

from docs_index.apps.dagster.reporting import reported
from docs_index.cohorts.aggregate import aggregate_scores
from docs_index.cohorts.run import PARSING
from docs_index.layout import keep_from_strangers, open_cohort_layout

GROUP = "scores"


@dg.asset(group_name=GROUP, deps=[dg.AssetKey(PARSING)], kinds={"csv"})
def aggregated_scores(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
    """aggregated_scores.csv, as aggregate_scores.py writes it.

    Its dbt models and their tests are built in a database of their own, not as assets.
    """
    with reported(context):
        keep_from_strangers()
        layout = open_cohort_layout()
        summary = aggregate_scores(layout)
        for folder in summary.unreadable:
            context.log.warning(f"passed over: {folder}")
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(layout.scores),
                "evaluations": summary.evaluations,
                "scored": summary.scored,
                **summary.unscored,
            }
        )
