"""List the best essays that lack a score for a template, for a cohort to evaluate."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from docs_index.apps.cli.cohort_output import print_chosen
from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.many_values import ManyValuesCommand
from docs_index.apps.cli.options import AsJson, DataRoot, Replace
from docs_index.apps.cli.text_tables import show_json
from docs_index.cohorts.select import Wish, choose_essays
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.cohort_ids import named_cohort


def select_essays(
    cohort: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The cohort to build next (default: DD_COHORT).",
        ),
    ] = None,
    top_n: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="How many of the best essays to look at."
        ),
    ] = 30,
    baseline_template: Annotated[
        str,
        typer.Option(metavar="NAME", help="The template whose scores rank the essays."),
    ] = "novelty",
    target_template: Annotated[
        str, typer.Option(metavar="NAME", help="The template whose scores are missing.")
    ] = "novelty-v2",
    average_models: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Models whose scores are averaged, separated by blanks or commas "
            "(default: all).",
        ),
    ] = None,
    aggregated_scores: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The table of scores "
            "(default: 7_cross_experiment/aggregated_scores.csv).",
        ),
    ] = None,
    skip_unreadable: Annotated[
        bool,
        typer.Option(
            "--skip-unreadable", help="Leave out rows whose score is not a number."
        ),
    ] = False,
    replace: Replace = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Choose the best essays that lack a score for a template.

    It writes 2_tasks/selected_essays.txt.

    Example: docs-index cohort select --cohort spring --top-n 30
    """
    with ending_cleanly():
        wish = Wish(
            cohort_id=named_cohort(cohort),
            top_n=top_n,
            baseline=baseline_template.strip(),
            target=target_template.strip(),
            models=average_models or None,
            scores=aggregated_scores,
            skips_unreadable=skip_unreadable,
            replaces=replace,
        )
        chosen = choose_essays(open_cohort_layout(data_root), wish)
        if as_json:
            show_json(asdict(chosen))
        else:
            print_chosen(chosen, data_root)


app = command(select_essays, cls=ManyValuesCommand)
