"""The group `evaluation`: three steps as assets, with a partition per evaluation.

An asset always runs its step. The step of a done evaluation returns the text on disk,
so that Dagster records the asset as materialized.
"""

from functools import partial
from pathlib import Path

import dagster as dg

from docs_index.apps.dagster.cohort import (
    PARTITIONS,
    opened_campaign,
    register_cohort_partitions,
)
from docs_index.apps.dagster.reporting import reported
from docs_index.cohorts import steps
from docs_index.cohorts.campaign import Campaign
from docs_index.cohorts.endpoint import Endpoint, LanguageModel, find_endpoint
from docs_index.cohorts.generation_files import PARSED, PROMPT, RAW, read_text
from docs_index.cohorts.run import needs_answer
from docs_index.layout import open_cohort_layout

GROUP = "evaluation"
STORE = "generation_store"
_FILES = {
    "evaluation_prompt": PROMPT,
    "evaluation_raw": RAW,
    "evaluation_parsed": PARSED,
}


class GenerationStore(dg.IOManager):
    """Reads the texts of steps from gens/, where the steps themselves write them."""

    def handle_output(self, context: dg.OutputContext, obj: str) -> None:
        """Record the path of the text, which the step has written."""
        path = _path(context)
        context.add_output_metadata(
            {"path": dg.MetadataValue.path(path), "chars": len(obj)}
        )

    def load_input(self, context: dg.InputContext) -> str:
        """Return the text of a partition, an empty text without a file."""
        path = _path(context)
        return read_text(path.parent, path.name) or ""


def _path(context: dg.OutputContext | dg.InputContext) -> Path:
    folder = open_cohort_layout().generation("evaluation", context.asset_partition_key)
    return folder / _FILES[context.asset_key.path[-1]]


_step = partial(
    dg.asset, group_name=GROUP, partitions_def=PARTITIONS, io_manager_key=STORE
)


@_step(deps=[register_cohort_partitions])
def evaluation_prompt(context: dg.AssetExecutionContext) -> str:
    """prompt.txt: the template with the essay's text."""
    with reported(context):
        return steps.evaluation_prompt(opened_campaign(), context.partition_key)


@_step(deps=[evaluation_prompt])
def evaluation_raw(context: dg.AssetExecutionContext) -> str:
    """raw.txt: the answer of the language model, which is asked once."""
    with reported(context):
        campaign, gen_id = opened_campaign(), context.partition_key
        model = _language_model(campaign, gen_id, context.run.run_id)
        return steps.evaluation_raw(campaign, gen_id, model)


@_step(deps=[evaluation_raw])
def evaluation_parsed(context: dg.AssetExecutionContext) -> str:
    """parsed.txt: what the template's parser finds in the answer."""
    with reported(context):
        return steps.evaluation_parsed(opened_campaign(), context.partition_key)


def _language_model(campaign: Campaign, gen_id: str, run_id: str) -> LanguageModel:
    """Return the model to ask; without an answer to buy, no key is needed."""
    is_asking = needs_answer(campaign, gen_id)
    return LanguageModel(find_endpoint() if is_asking else Endpoint("", ""), run_id)
