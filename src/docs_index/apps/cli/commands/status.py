"""Show what a data root has, what needs the user, and the next commands."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.root_state import RootState, next_commands, state_of
from docs_index.apps.cli.text_tables import print_next, show_fields, show_json
from docs_index.layout import FORMATS, open_filled_layout

_MOST_FILES = 5


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
    of_histories = state.histories is None or bool(state.histories)
    missing = ", ".join(state.missing_tables) or "-"
    if of_histories and not state.tables:
        tables = {"results tables": "none; histories.yml alone is enough"}
    else:
        tables = {
            "results tables": ", ".join(state.tables) or "none",
            "not there": missing,
        }
    return {
        "data root": state.data_root,
        **tables,
        **({"histories": _histories(state.histories)} if of_histories else {}),
        "last build": state.built_at or "none yet",
        "changed since": _some(state.changed_since_build) or "-",
        "documents": index,
        "layout": state.layout or "not known yet",
        "index rows": _place_of_rows(state),
        "rejected rows": known(state.rejected_rows),
        "conflicts": known(state.conflicts),
        "notices": known(state.notices),
        "generation store": _counts(state.generations),
        "cohorts": ", ".join(state.cohorts) or "none",
    }


def _place_of_rows(state: RootState) -> str:
    if state.index_format is None:
        return "not known yet"
    return f"in {FORMATS[state.index_format]}"


def _histories(sources: Mapping[str, int] | None) -> str:
    """Return how many files each source has."""
    if sources is None:
        return "histories.yml has faults"
    files = [
        f"{name} ({number:,} {'file' if number == 1 else 'files'})"
        for name, number in sources.items()
    ]
    number = f"{len(files)} {'source' if len(files) == 1 else 'sources'}"
    return f"{number}: {', '.join(files)}"


def _some(files: Sequence[str]) -> str:
    """Return the first files, and how many more there are."""
    more = len(files) - _MOST_FILES
    return ", ".join(files[:_MOST_FILES]) + (f" and {more} more" if more > 0 else "")


def _counts(counted: Mapping[str, int]) -> str:
    parts = ", ".join(f"{count:,} {name}" for name, count in counted.items())
    return f"{sum(counted.values()):,} ({parts})" if parts else "none"


app = command(status)
