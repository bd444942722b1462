"""Run the evaluations of a cohort that are not done, asking language models."""

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from docs_index.apps.cli.cohort_output import (
    asked_cohort,
    print_dry_run,
    print_running,
    show_skipping,
    wait_for_answers,
    write_ids,
)
from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, INTERRUPTED, NEEDS_A_PERSON
from docs_index.apps.cli.export_files import refuse_to_overwrite
from docs_index.apps.cli.options import (
    AsJson,
    Cohort,
    DataRoot,
    FailedIds,
    NamedCohort,
    Replace,
)
from docs_index.apps.cli.progress import shown_progress
from docs_index.apps.cli.text_tables import show_json
from docs_index.cohorts.aggregate import Summary as Scores
from docs_index.cohorts.aggregate import aggregate_scores
from docs_index.cohorts.batches import run_batches
from docs_index.cohorts.campaign import Campaign, open_campaign, read_ids
from docs_index.cohorts.endpoint import RETRIES, opened_model
from docs_index.cohorts.gate import Gate, read_duration
from docs_index.cohorts.run import (
    Summary,
    Work,
    chosen,
    needs_answers,
    retried,
    run_cohort,
)
from docs_index.cohorts.survey import bill_fields, survey_fields, surveyed
from docs_index.disk.lock import take_lock
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.cohort_ids import named_cohort


def run(
    name: NamedCohort = None,
    cohort: Cohort = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="Requests at the same time.")
    ] = 4,
    retries: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Retries of one request, after an error that may pass.",
        ),
    ] = RETRIES,
    max_wait: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="The longest wait without an answer: 90s, 30m, 2h."
        ),
    ] = "30m",
    requests_per_minute: Annotated[
        float | None,
        typer.Option(min=0.001, metavar="N", help="The most requests per minute."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="The most evaluations to work on."),
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(min=0, metavar="MONEY", help="The most money to spend."),
    ] = None,
    ids: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Work only on the gen_ids in this file, one per line."
        ),
    ] = None,
    retry_failed: Annotated[
        str | None,
        typer.Option(
            metavar="REASONS",
            help="Ask again where the answer failed: all, or reasons.",
        ),
    ] = None,
    batch: Annotated[
        bool,
        typer.Option(
            "--batch", help="Send prompts as a batch; run again to fetch the answers."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Render all prompts and show their cost; send nothing."
        ),
    ] = False,
    no_scores: Annotated[
        bool, typer.Option("--no-scores", help="Leave aggregated_scores.csv as it is.")
    ] = False,
    failed_ids: FailedIds = None,
    replace: Replace = False,
    as_json: AsJson = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Show neither progress nor skipped steps.")
    ] = False,
    data_root: DataRoot = None,
) -> None:
    """Run the evaluations of a cohort that are not done.

    Example: docs-index cohort run --cohort spring --max-cost 5
    """
    with ending_cleanly():
        layout = open_cohort_layout(data_root)
        cohort_id = named_cohort(asked_cohort(name, cohort))
        campaign = open_campaign(layout, cohort_id)
        work = Work(
            gen_ids=read_ids(ids) if ids else None,
            limit=limit,
            retry=retried(retry_failed) if retry_failed else (),
        )
        gate = Gate(
            requests_per_minute=requests_per_minute, max_wait_s=read_duration(max_wait)
        )
        if failed_ids:
            refuse_to_overwrite(failed_ids, replace=replace)
        if dry_run:
            _plan(campaign, work, as_json=as_json)
            return
        take_lock(layout.cohort_lock(cohort_id))
        model = opened_model(
            _run_id(),
            gate,
            retries=retries,
            max_cost=max_cost,
            is_asking=batch or needs_answers(campaign, work),
        )
        show_skipping(quiet=quiet)
        with shown_progress(quiet=quiet, what="evaluations") as progress:
            if batch:
                summary = run_batches(campaign, model, progress=progress, work=work)
            else:
                summary = run_cohort(
                    campaign,
                    model,
                    concurrency=concurrency,
                    progress=progress,
                    work=work,
                    waiting=wait_for_answers,
                )
        scores: Scores | None = None
        problem: BaseException | None = None
        if not (no_scores or summary.interrupted):
            try:
                scores = aggregate_scores(layout)
            except BaseException as error:  # what was bought is told first
                problem = error
        if as_json:
            show_json(_fields(summary, scores))
        else:
            print_running(summary, scores)
        if failed_ids:
            write_ids(failed_ids, summary.failed, replace=replace)
        if problem:
            raise problem
    if summary.interrupted:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(DONE if summary.is_complete else NEEDS_A_PERSON)


def _plan(campaign: Campaign, work: Work, *, as_json: bool) -> None:
    """Say what a run would ask for."""
    survey = surveyed(
        campaign,
        gen_ids=chosen(campaign, work),
        retry=work.retry,
        limit=work.limit,
    )
    if as_json:
        named = {"cohort_id": campaign.cohort_id, "dry_run": True}
        show_json(named | survey_fields(survey))
    else:
        print_dry_run(campaign.cohort_id, survey)


def _fields(summary: Summary, scores: Scores | None) -> dict[str, Any]:
    bills = {name: bill_fields(bill) for name, bill in summary.spent.items()}
    made = None if scores is None else asdict(scores)
    return vars(summary) | {"spent": bills, "scores": made}


def _run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}"


app = command(run, NEEDS_A_PERSON)
