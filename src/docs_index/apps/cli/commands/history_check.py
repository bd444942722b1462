"""Say what histories.yml takes of its files, and what becomes of their records."""

from collections.abc import Sequence
from dataclasses import replace

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, NEEDS_A_PERSON
from docs_index.apps.cli.history_output import show_trials, trial_fields
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.progress import shown_progress
from docs_index.apps.cli.text_tables import root_option, show_json
from docs_index.disk.scratch import scratch_folder
from docs_index.errors import DataRootError
from docs_index.layout import Layout, open_layout
from docs_index.paths import is_there
from docs_index.warehouse.dbt_run import build_documents
from docs_index.warehouse.histories.outcomes import Outcome, outcomes_of_build
from docs_index.warehouse.histories.trial import SourceTrial, try_out

_SELECTOR = "histories"


def check(as_json: AsJson = False, data_root: DataRoot = None) -> None:
    """Show what becomes of the records of histories.yml.

    Also its files, and in how many records each field is. Nothing is written under the
    data root. Ends with 1 if a value is in no record, or
    if nothing of a source would be a document.

    Example: docs-index history check
    """
    with ending_cleanly():
        layout = open_layout(data_root)
        if not is_there(layout.histories):
            at = root_option(data_root)
            raise DataRootError(
                f"there is no {layout.histories}: docs-index history init FILE --write"
                f"{at} makes it, of a file of the data root"
            )
        trials = try_out(layout)
        if not any(trial.missing or trial.absent_list for trial in trials):
            _add_outcomes(layout, trials)
        if as_json:
            show_json({"sources": [trial_fields(trial) for trial in trials]})
        else:
            show_trials(trials)
    is_whole = not any(trial.is_faulty for trial in trials)
    raise typer.Exit(DONE if is_whole else NEEDS_A_PERSON)


def _add_outcomes(layout: Layout, trials: Sequence[SourceTrial]) -> None:
    """Build the records in a folder of scratch, and note what becomes of them."""
    with scratch_folder(layout.root) as scratch:
        layout = replace(layout, scratch=scratch)
        with shown_progress(quiet=False, what="steps of the build") as progress:
            build_documents(layout, {}, None, progress, _SELECTOR)
        found: dict[str, list[Outcome]] = {trial.source: [] for trial in trials}
        for outcome in outcomes_of_build(layout.build):
            if outcome.records:
                found[outcome.source].append(outcome)
    for trial in trials:
        trial.outcomes = found[trial.source]


app = command(check, NEEDS_A_PERSON)
