"""Run the evaluations of a cohort that are not done, asking language models."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from docs_index.apps.cli.cohort_output import (
    print_running,
    show_skipping,
    wait_for_answers,
)
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, INTERRUPTED, NEEDS_A_PERSON
from docs_index.apps.cli.options import AsJson, Cohort, DataRoot
from docs_index.apps.cli.progress import shown_progress
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.endpoint import RETRIES, Endpoint, LanguageModel, find_endpoint
from docs_index.cohorts.run import needs_answers, run_cohort
from docs_index.disk.lock import take_lock
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.cohort_ids import named_cohort

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    cohort: Cohort = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, help="Requests at a time.")
    ] = 4,
    retries: Annotated[
        int, typer.Option(min=0, help="Retries of one request that may fare better.")
    ] = RETRIES,
    as_json: AsJson = False,
    quiet: Annotated[
        bool, typer.Option(help="Show no progress, nor what is skipped.")
    ] = False,
    data_root: DataRoot = None,
) -> None:
    """Run the evaluations of a cohort that are not done.

    Example: python scripts/run_evaluations.py --cohort spring --concurrency 8
    """
    with ending_cleanly():
        layout = open_cohort_layout(data_root)
        cohort_id = named_cohort(cohort)
        campaign = open_campaign(layout, cohort_id)
        take_lock(layout.cohort_lock(cohort_id))
        is_asking = needs_answers(campaign)
        endpoint = find_endpoint() if is_asking else Endpoint("", "")
        model = LanguageModel(endpoint, run_id=_run_id(), retries=retries)
        show_skipping(quiet=quiet)
        with shown_progress(quiet=quiet, what="evaluations") as progress:
            summary = run_cohort(
                campaign,
                model,
                concurrency=concurrency,
                progress=progress,
                waiting=wait_for_answers,
            )
        if as_json:
            typer.echo(json.dumps(asdict(summary), indent=2, ensure_ascii=False))
        else:
            print_running(summary)
    if summary.interrupted:
        raise typer.Exit(INTERRUPTED)
    is_complete = not summary.failed and not summary.not_started
    raise typer.Exit(DONE if is_complete else NEEDS_A_PERSON)


def _run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}"
