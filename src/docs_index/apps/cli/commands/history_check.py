"""Say what histories.yml takes of its files, before anything is built."""

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, NEEDS_A_PERSON
from docs_index.apps.cli.history_output import show_trials, trial_fields
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.text_tables import show_json
from docs_index.errors import DataRootError
from docs_index.layout import open_layout
from docs_index.paths import is_there
from docs_index.warehouse.histories.trial import try_out


def check(as_json: AsJson = False, data_root: DataRoot = None) -> None:
    """Show what histories.yml takes of its files; build and write nothing.

    A value that no record has is an error in a build, and ends with 1 here.

    Example: docs-index history check
    """
    with ending_cleanly():
        layout = open_layout(data_root)
        if not is_there(layout.histories):
            raise DataRootError(
                f"there is no {layout.histories}: docs-index history init FILE writes "
                "one"
            )
        trials = try_out(layout)
        if as_json:
            show_json({"sources": [trial_fields(trial) for trial in trials]})
        else:
            show_trials(trials)
    is_whole = not any(each.is_missing for trial in trials for each in trial.fields)
    raise typer.Exit(DONE if is_whole else NEEDS_A_PERSON)


app = command(check, NEEDS_A_PERSON)
