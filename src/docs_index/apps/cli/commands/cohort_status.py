"""Say how far a cohort is: done, to do and failed, per template and model."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from docs_index.apps.cli.cohort_output import print_status
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, NEEDS_A_PERSON
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.states import State, reasons, standings, tallies
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.cohort_ids import named_cohort

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    cohort: Annotated[
        str | None, typer.Argument(help="The cohort's name (default: DD_COHORT).")
    ] = None,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Say how far a cohort is; exit with 1 while it is incomplete.

    Example: python scripts/cohort_status.py spring
    """
    with ending_cleanly():
        cohort_id = named_cohort(cohort)
        campaign = open_campaign(open_cohort_layout(data_root), cohort_id)
        found = list(standings(campaign))
        counted = tallies(found)
        done = sum(tally.done for tally in counted)
        if as_json:
            status = {
                "cohort_id": cohort_id,
                "evaluations": len(found),
                "done": done,
                "to_do": sum(tally.to_do for tally in counted),
                "failed": sum(tally.failed for tally in counted),
                "by_template_and_model": [asdict(tally) for tally in counted],
                "blocked": reasons(found, State.BLOCKED),
                "failures": reasons(found, State.FAILED),
            }
            typer.echo(json.dumps(status, indent=2, ensure_ascii=False))
        else:
            print_status(cohort_id, counted, found)
    raise typer.Exit(DONE if done == len(found) else NEEDS_A_PERSON)
