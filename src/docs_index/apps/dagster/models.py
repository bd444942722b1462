"""The dbt models as assets: those of the documents, and those of a cohort.

Each group is one `dbt build` of its selector, with its tests; parts of a group can be
built separately. dbt itself reads DATA_ROOT and DD_COHORT.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from docs_index.apps.dagster.reporting import reported
from docs_index.cohorts.place import refuse_faults
from docs_index.data_roots import choose_root
from docs_index.disk.lock import held_lock
from docs_index.layout import open_cohort_layout
from docs_index.resources import IS_INSTALLED, PROJECT
from docs_index.warehouse.cohort_ids import named_cohort
from docs_index.warehouse.dbt_run import main_target

DOCUMENTS, COHORT = "documents_models", "cohort_models"
_DBT = Path(sys.executable).with_name("dbt")
_BUILD = ("build", "--exclude-resource-type", "unit_test")
# A cohort's models need this seed. It is one of the documents' assets, so the cohort's
# build loads it again, but not its tests, which read documents too.
_SEED = dg.AssetKey("parsers")
_WITH_SEED = ("--select", "parsers", "--indirect-selection", "cautious")


class _Translator(DagsterDbtTranslator):
    """Puts the models of documents and those of cohorts into separate groups."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return COHORT if "cohorts" in dbt_resource_props["fqn"] else DOCUMENTS


class _CohortTranslator(_Translator):
    """Leaves the seed out: Dagster would warn about a cohort without documents."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        deps = [dependency for dependency in spec.deps if dependency.asset_key != _SEED]
        return spec.replace_attributes(deps=deps)


def made_manifest() -> Path:
    """Return dbt's manifest, made again after a change; needs no network."""
    target = main_target()
    manifest = target / "manifest.json"
    if not manifest.is_file() or manifest.stat().st_mtime < _last_change():
        command = [str(_DBT), "--quiet", "parse", "--target-path", str(target)]
        places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        subprocess.run([*command, *places], cwd=PROJECT, check=True)
    return manifest


def _last_change() -> float:
    """Return when a file of the dbt project was last written."""
    files = list(PROJECT.glob("*.yml"))
    for folder in ("models", "macros", "seeds", "analyses", "tests/dbt"):
        files += [path for path in (PROJECT / folder).rglob("*") if path.is_file()]
    return max(path.stat().st_mtime for path in files)


if (_chosen := choose_root()).source == "found":  # dbt looks from another folder
    os.environ["DATA_ROOT"] = str(_chosen.path)
if IS_INSTALLED:  # dbt would write into the package
    os.environ.setdefault("DBT_TARGET_PATH", str(main_target()))
    os.environ.setdefault("DBT_LOG_PATH", str(main_target() / "logs"))
_MANIFEST = made_manifest()
dbt_resource = DbtCliResource(
    project_dir=PROJECT, profiles_dir=PROJECT, dbt_executable=_DBT
)


@dbt_assets(
    manifest=_MANIFEST,
    selector="documents",
    name=DOCUMENTS,
    dagster_dbt_translator=_Translator(),
)
def documents_models(
    context: dg.AssetExecutionContext, dbt: DbtCliResource
) -> Iterator[Any]:
    """Build the models of the documents index."""
    yield from dbt.cli(_BUILD, context=context).stream()


@dbt_assets(
    manifest=_MANIFEST,
    select="path:models/cohorts path:tests/dbt/cohorts",
    name=COHORT,
    dagster_dbt_translator=_CohortTranslator(),
)
def cohort_models(
    context: dg.AssetExecutionContext, dbt: DbtCliResource
) -> Iterator[Any]:
    """Build the models of the cohort that DD_COHORT names."""
    with reported(context):
        layout, cohort_id = open_cohort_layout(), named_cohort()
        build = dbt.cli([*_BUILD, *_WITH_SEED], context=context, raise_on_error=False)
        selected = context.op_execution_context.selected_output_names
        for event in build.stream():
            if not isinstance(event, dg.Output) or event.output_name in selected:
                yield event
        if not build.is_successful():
            with held_lock(layout.lock, patience_s=0):
                refuse_faults(layout.build, cohort_id)
            raise build.get_error() or RuntimeError("dbt failed")
