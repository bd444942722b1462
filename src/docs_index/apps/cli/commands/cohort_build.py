"""Build a cohort: its membership, and directories for the evaluations it adds."""

from dataclasses import asdict
from typing import Annotated

import typer

from docs_index.apps.cli.cohort_output import asked_cohort, print_building
from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.options import AsJson, Cohort, DataRoot, NamedCohort
from docs_index.apps.cli.text_tables import show_json
from docs_index.cohorts.build import build_cohort
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.cohort_ids import is_done_preferred, named_cohort


def build(
    name: NamedCohort = None,
    cohort: Cohort = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show its members and its cost; write nothing."),
    ] = False,
    prefer_done: Annotated[
        bool,
        typer.Option(
            "--prefer-done",
            help="Take in finished evaluations first (default: DD_PREFER_DONE).",
        ),
    ] = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Build a cohort of the selected essays.

    Evaluations that exist are taken in, if the selection says so.

    Example: docs-index cohort build --cohort spring --dry-run
    """
    with ending_cleanly():
        layout = open_cohort_layout(data_root)
        summary = build_cohort(
            layout,
            named_cohort(asked_cohort(name, cohort)),
            dry_run=dry_run,
            prefers_done=is_done_preferred(asked=prefer_done),
        )
        if as_json:
            show_json(asdict(summary))
        else:
            print_building(summary)


app = command(build)
