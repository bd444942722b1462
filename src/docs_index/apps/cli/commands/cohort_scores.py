"""Say what each judge of a cohort says of each essay, and how far they agree."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from docs_index.apps.cli.cohort_output import asked_cohort
from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.export_files import refuse_to_overwrite
from docs_index.apps.cli.options import (
    AsJson,
    Cohort,
    DataRoot,
    Limit,
    NamedCohort,
    Replace,
)
from docs_index.apps.cli.score_output import print_scores, write_score_rows
from docs_index.apps.cli.text_tables import show_json
from docs_index.apps.web.cohort_page import write_cohort_page
from docs_index.cohorts.scores import cohort_scores
from docs_index.errors import CohortError, printable
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.cohort_ids import named_cohort


def show_scores(
    name: NamedCohort = None,
    cohort: Cohort = None,
    limit: Limit = 20,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the whole table to a CSV file; -: to stdout, alone.",
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write an HTML page with charts to a file."),
    ] = None,
    replace: Replace = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Compare the scores of the judges of a cohort.

    Example: docs-index cohort scores spring --csv spring.csv
    """
    with ending_cleanly():
        to_stdout = csv is not None and str(csv) == "-"
        if to_stdout and as_json:
            raise CohortError("--json and --csv - both write to stdout: pass one")
        for output in (page, None if to_stdout else csv):
            if output is not None:
                refuse_to_overwrite(output.absolute(), replace=replace)
        layout = open_cohort_layout(data_root)
        named = named_cohort(asked_cohort(name, cohort))
        scores = cohort_scores(layout, named)
        if csv is not None:
            write_score_rows(scores, None if to_stdout else csv.absolute())
        if page is not None:
            write_cohort_page(scores, page.absolute())
        if as_json:
            show_json(asdict(scores))
        elif not to_stdout:
            print_scores(scores, limit)
            for output in filter(None, (csv, page)):
                typer.echo(f"\nwritten: {printable(str(output))}")


app = command(show_scores)
