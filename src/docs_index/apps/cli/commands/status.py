"""Show what a data root has, what needs the user, and the next commands."""

from collections.abc import Mapping
from dataclasses import asdict

from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.root_state import RootState, next_commands, state_of
from docs_index.apps.cli.text_tables import print_next, show_fields, show_json
from docs_index.layout import open_filled_layout


def status(as_json: AsJson = False, data_root: DataRoot = None) -> None:
    """Show what a data root has, what needs you, and the next commands.

    Example: docs-index status --data-root ~/experiment
    """
    with ending_cleanly():
        state = state_of(open_filled_layout(data_root))
        following = list(next_commands(state))
        if as_json:
            named = [{"command": name, "what": what} for name, what in following]
            show_json(asdict(state) | {"next": named})
        else:
            show_fields(_fields(state))
            print_next(following, data_root)


def _fields(state: RootState) -> dict[str, str]:
    def known(counted: Mapping[str, int]) -> str:
        return _counts(counted) if state.has_index else "not known yet"

    index = "none yet"
    if state.has_index:
        index = f"{_counts(state.documents)}; run_id {', '.join(state.run_ids) or '-'}"
    return {
        "data root": state.data_root,
        "results tables": ", ".join(state.tables) or "none",
        "not there": ", ".join(state.missing_tables) or "-",
        "last build": state.built_at or "none yet",
        "changed since": ", ".join(state.changed_since_build) or "-",
        "documents": index,
        "rejected rows": known(state.rejected_rows),
        "conflicts": known(state.conflicts),
        "notices": known(state.notices),
        "generations": _counts(state.generations),
        "cohorts": ", ".join(state.cohorts) or "none",
    }


def _counts(counted: Mapping[str, int]) -> str:
    parts = ", ".join(f"{count:,} {name}" for name, count in counted.items())
    return f"{sum(counted.values()):,} ({parts})" if parts else "none"


app = command(status)
