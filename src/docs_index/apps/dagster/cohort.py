"""The group `cohort`: writes a cohort's files, and registers its partitions."""

import hashlib
from typing import Any

import dagster as dg
import duckdb

from docs_index.apps.dagster.reporting import reported
from docs_index.cohorts.campaign import Campaign, open_campaign
from docs_index.cohorts.place import Summary, place_cohort
from docs_index.disk.lock import held_lock
from docs_index.errors import BuildError
from docs_index.layout import Layout, keep_from_strangers, open_cohort_layout
from docs_index.paths import is_file
from docs_index.warehouse.cohort_ids import named_cohort

GROUP = "cohort"
PARTITIONS = dg.DynamicPartitionsDefinition(name="evaluation_gen_id")


def opened_cohort() -> tuple[Layout, str]:
    """Return the data root of DATA_ROOT and the cohort of DD_COHORT."""
    keep_from_strangers()
    return open_cohort_layout(), named_cohort()


def opened_campaign() -> Campaign:
    """Return the cohort of DD_COHORT, read from its membership.csv."""
    return open_campaign(*opened_cohort())


@dg.asset(
    group_name=GROUP,
    deps=[dg.AssetKey("cohort_memberships"), dg.AssetKey("cohort_faults")],
    kinds={"csv"},
)
def cohort_membership(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
    """membership.csv of the cohort, and directories of the evaluations it adds."""
    with reported(context):
        layout, cohort_id = opened_cohort()
        with held_lock(layout.lock, patience_s=0):
            summary = _placed(layout, cohort_id)
        for folder in summary.unreadable:
            context.log.warning("passed over: %s", folder)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(layout.membership(cohort_id)),
                **summary.members,
                "calls_saved": summary.calls_saved,
                "calls_to_make": summary.calls_to_make,
                "blocked": summary.blocked,
                "failed": summary.failed,
            },
            data_version=_version(layout, cohort_id),
        )


def _placed(layout: Layout, cohort_id: str) -> Summary:
    try:
        if is_file(layout.build):
            return place_cohort(layout, cohort_id, layout.build)
    except duckdb.CatalogException:
        pass  # the build has the documents only
    raise BuildError(
        f"there is no build of a cohort in {layout.db}: materialize cohort_models "
        "first, or launch the job cohort, which does both"
    )


@dg.asset(group_name=GROUP, deps=[cohort_membership])
def register_cohort_partitions(
    context: dg.AssetExecutionContext,
) -> dg.MaterializeResult[Any]:
    """A partition for each evaluation of the cohort; none is ever taken away."""
    with reported(context):
        campaign = opened_campaign()
        known = set(context.instance.get_dynamic_partitions(PARTITIONS.name or ""))
        new = [gen_id for gen_id in campaign.evaluations if gen_id not in known]
        context.instance.add_dynamic_partitions(PARTITIONS.name or "", new)
        return dg.MaterializeResult(
            metadata={"evaluations": len(campaign.evaluations), "registered": len(new)},
            data_version=_version(campaign.layout, campaign.cohort_id),
        )


def _version(layout: Layout, cohort_id: str) -> dg.DataVersion:
    """Return the hash of a membership: building the same one again is not a change."""
    content = layout.membership(cohort_id).read_bytes()
    return dg.DataVersion(hashlib.sha256(content).hexdigest())
