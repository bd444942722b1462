"""The assets, jobs and executor that Dagster loads; `[tool.dagster]` names this."""

import dagster as dg

from docs_index.apps.dagster import cohort, evaluation, models, scores, texts

_RUNNING = dg.in_process_executor

definitions = dg.Definitions(
    assets=[
        models.documents_models,
        models.cohort_models,
        cohort.cohort_membership,
        cohort.register_cohort_partitions,
        evaluation.evaluations,
        scores.aggregated_scores,
    ],
    jobs=[
        dg.define_asset_job(
            "documents",
            dg.AssetSelection.groups(models.DOCUMENTS),
            description="Build the models of the documents index.",
            executor_def=_RUNNING,
        ),
        dg.define_asset_job(
            "cohort",
            dg.AssetSelection.groups(models.COHORT, cohort.GROUP),
            description="Build the cohort of DD_COHORT, and register its partitions.",
            executor_def=_RUNNING,
        ),
        dg.define_asset_job(
            "evaluation",
            dg.AssetSelection.groups(evaluation.GROUP),
            description="Run evaluations, a partition each; what is done is skipped.",
            executor_def=_RUNNING,
        ),
        dg.define_asset_job(
            "scores",
            dg.AssetSelection.groups(scores.GROUP),
            description="Write the table of the scores of all evaluations.",
            executor_def=_RUNNING,
        ),
    ],
    resources={
        "dbt": models.dbt_resource,
        texts.STORE: texts.GenerationStore(),
    },
    executor=_RUNNING,
)
