"""Show what the sources of histories.yml give, to people and to programs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import typer

from docs_index.apps.cli.text_tables import say, show_table, show_title
from docs_index.warehouse.histories.trial import EXAMPLES, FieldTrial, SourceTrial


def trial_fields(trial: SourceTrial) -> dict[str, Any]:
    """Return a trial as its JSON has it."""
    fields = [asdict(each) | {"is_missing": each.is_missing} for each in trial.fields]
    return asdict(trial) | {"fields": fields}


def show_trials(trials: Sequence[SourceTrial]) -> None:
    """Print the trials of all sources, one after the other."""
    for number, trial in enumerate(trials):
        if number:
            typer.echo()
        _show_trial(trial)


def _show_trial(trial: SourceTrial) -> None:
    show_title(f"{trial.source}  {trial.reads}")
    say(_counts(trial))
    for fault in trial.first_faults:
        say(fault, indent="  ")
    if trial.objects:
        rows = [{"object": name, "amount": n} for name, n in trial.objects.items()]
        show_table(rows)
    if trial.fields:
        show_table([_row(each) for each in trial.fields], spare=("value",))
    for each in trial.fields:
        if each.is_missing:
            parts = each.value[1:-1] if each.value.startswith("[") else each.value
            say(
                f"{each.field}: {each.value} is in no record: mend it, or write "
                f"[optional, {parts}]"
            )


def _counts(trial: SourceTrial) -> str:
    files = "1 file" if len(trial.files) == 1 else f"{len(trial.files):,} files"
    parts = [files, f"{trial.records:,} {'objects' if trial.objects else 'records'}"]
    if trial.unreadable:
        parts.append(f"{trial.unreadable:,} unreadable")
    if trial.left_out:
        parts.append(f"{trial.left_out:,} left out by `where`")
    return ", ".join(parts)


def _row(trial: FieldTrial) -> dict[str, object]:
    examples = [*trial.examples, *[None] * EXAMPLES][:EXAMPLES]
    return {
        "field": trial.field,
        "value": trial.value,
        "records": trial.records,
    } | {f"record_{number}": text for number, text in enumerate(examples, 1)}
