"""Say how far a cohort is, what the rest of it costs, and what reuse has saved."""

import typer

from docs_index.apps.cli.cohort_output import asked_cohort, print_status, write_ids
from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, NEEDS_A_PERSON
from docs_index.apps.cli.options import (
    AsJson,
    Cohort,
    DataRoot,
    FailedIds,
    NamedCohort,
    Replace,
)
from docs_index.apps.cli.text_tables import show_json
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.states import State
from docs_index.cohorts.survey import survey_fields, surveyed
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.cohort_ids import named_cohort


def status(
    name: NamedCohort = None,
    cohort: Cohort = None,
    failed_ids: FailedIds = None,
    replace: Replace = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Say how far a cohort is; exit with 1 while it is incomplete.

    Example: docs-index cohort status --cohort spring
    """
    with ending_cleanly():
        cohort_id = named_cohort(asked_cohort(name, cohort))
        survey = surveyed(open_campaign(open_cohort_layout(data_root), cohort_id))
        if failed_ids:
            write_ids(failed_ids, survey.failed_ids, replace=replace)
        if as_json:
            show_json({"cohort_id": cohort_id} | survey_fields(survey))
        else:
            print_status(cohort_id, survey)
    is_complete = survey.states[State.DONE] == survey.evaluations
    raise typer.Exit(DONE if is_complete else NEEDS_A_PERSON)


app = command(status, NEEDS_A_PERSON)
