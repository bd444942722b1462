"""List the best essays that lack a score for a template, for a cohort to evaluate."""

from typing import Annotated

import typer

from docs_index.apps.cli.cohort_output import print_chosen
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.options import DataRoot
from docs_index.cohorts.select import Wish, choose_essays
from docs_index.layout import open_cohort_layout
from docs_index.warehouse.cohort_ids import named_cohort

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(
    cohort: Annotated[
        str | None,
        typer.Option(help="The cohort that is to be built next (default: DD_COHORT)."),
    ] = None,
    top_n: Annotated[
        int, typer.Option(min=1, help="How many of the best essays are looked at.")
    ] = 30,
    baseline_template: Annotated[
        str, typer.Option(help="The template whose scores say which are the best.")
    ] = "novelty",
    target_template: Annotated[
        str, typer.Option(help="The template whose scores are missing.")
    ] = "novelty-v2",
    average_models: Annotated[
        list[str] | None,
        typer.Option(
            help="Models whose scores are averaged, with commas or one an option "
            "(default: all)."
        ),
    ] = None,
    data_root: DataRoot = None,
) -> None:
    """Make 2_tasks/selected_essays.txt a list of the best essays that lack a score.

    Example: python scripts/select_missing_novelty_v2.py --cohort spring --top-n 30
    """
    with ending_cleanly():
        named = ",".join(average_models or ()).split(",")
        wish = Wish(
            cohort_id=named_cohort(cohort),
            top_n=top_n,
            baseline=baseline_template.strip(),
            target=target_template.strip(),
            models=[model.strip() for model in named if model.strip()],
        )
        print_chosen(choose_essays(open_cohort_layout(data_root), wish))
