"""Show what the sources of histories.yml give, to people and to programs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import typer

from docs_index.apps.cli.outcome_words import counted, ends_in_words
from docs_index.apps.cli.text_tables import (
    print_aligned,
    say,
    show_table,
    show_title,
)
from docs_index.warehouse.histories.outcomes import Outcome
from docs_index.warehouse.histories.trial import (
    EXAMPLES,
    FieldTrial,
    Names,
    SourceTrial,
)

_FILES = 5  # of a source that are named
_MODELS = 8


def trial_fields(trial: SourceTrial) -> dict[str, Any]:
    """Return a trial as its JSON has it."""
    missing = [each.field for each in trial.missing]
    fields = [
        asdict(each) | {"is_missing": each.field in missing} for each in trial.fields
    ]
    return asdict(trial) | {"fields": fields, "is_faulty": trial.is_faulty}


def show_trials(trials: Sequence[SourceTrial]) -> None:
    """Print the trials of all sources, one after the other."""
    for number, trial in enumerate(trials):
        if number:
            typer.echo()
        _show_trial(trial)
    if all(trial.outcomes is None for trial in trials):
        typer.echo()
        say("When this is correct, check says what becomes of the records.")


def _show_trial(trial: SourceTrial) -> None:
    show_title(f"{trial.source}  {trial.reads}")
    say(_counts(trial))
    if trial.outcomes and not any(each.kind for each in trial.outcomes):
        amount = sum(each.records for each in trial.outcomes)
        every = "the only record is" if amount == 1 else f"all {amount:,} records are"
        say(f"! {every} rejected: nothing of this would be a document")
    for name in trial.files[:_FILES]:
        say(name, indent="  ")
    if len(trial.files) > _FILES:
        say(f"… and {len(trial.files) - _FILES:,} more", indent="  ")
    for pattern in trial.unmatched:
        say(f"! no file fits {pattern}")
    if trial.outcomes is None:  # else the rejected records say it
        for fault in trial.first_faults:
            say(fault, indent="  ")
    if trial.records and trial.fields and not trial.absent_list:
        show_table([_row(each) for each in trial.fields], spare=("value",))
    for words in _faults(trial):
        say(words)
    if trial.outcomes:
        _show_outcomes(trial.outcomes)


def _counts(trial: SourceTrial) -> str:
    parts = [counted(len(trial.files), "file")]
    if trial.objects or (trial.outcomes is not None and not trial.fields):
        if trial.outcomes is not None:
            return f"{parts[0]}: {ends_in_words(trial.outcomes)}"
        return f"{parts[0]}, {counted(trial.records, 'object')}"
    parts.append(counted(trial.records, "record"))
    if trial.unreadable:
        parts.append(f"{trial.unreadable:,} unreadable")
    if trial.left_out:
        parts.append(f"{trial.left_out:,} left out by `where`")
    ends = f": {ends_in_words(trial.outcomes)}" if trial.outcomes else ""
    return ", ".join(parts) + ends


def _faults(trial: SourceTrial) -> Iterator[str]:
    """Yield what no record has, and what records have."""
    if trial.absent_list:
        yield (
            f"each: no record has a list `{trial.absent_list}`{_meant(trial.near_list)}"
        )
    elif trial.fields and not trial.records:
        yield (
            f"`where` leaves out all {counted(trial.left_out, 'record')}"
            if trial.left_out
            else "no record can be read: nothing to check"
            if trial.unreadable
            else "the files have no record: nothing to check"
        )
    else:
        yield from map(_missing, trial.missing)
    yield from map(_names, trial.names)


def _missing(trial: FieldTrial) -> str:
    parts = trial.value[1:-1] if trial.value.startswith("[") else trial.value
    absent = f" ({', '.join(trial.absent)})" if parts != trial.value else ""
    near = _meant(", ".join(trial.near)) or "."
    return (
        f"{trial.field}: {trial.value} is in no record{absent}{near} Correct it; if "
        f"the value may be missing, write [optional, {parts}]"
    )


def _meant(near: str | None) -> str:
    return f"; did you mean `{near}`?" if near else ""


def _names(names: Names) -> str:
    whose = f"the elements of {names.of} have" if names.of else "records have"
    more = f", and {names.more:,} more" if names.more else ""
    return f"{whose}: {', '.join(names.first) or 'no names'}{more}"


def _show_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print what becomes of records: documents with models and times, and reasons."""
    for each in outcomes:
        if each.kind:
            say(f"{counted(each.records, each.kind)}, {_times(each)}")
            say(f"by {_models(each.models)}", indent="  ")
    for words in dict.fromkeys(each.unlikely for each in outcomes if each.kind):
        if words:
            say(f"! the times are {words}: check `as` of created_at")
    rejected = [each for each in outcomes if each.reason]
    if rejected:
        say("rejected, with the first of each reason")
        print_aligned(
            [
                (each.reason or "", str(each.records), each.example or "")
                for each in rejected
            ],
            numbers=1,
        )


def _times(outcome: Outcome) -> str:
    """Return from when to when documents are, as a person reads it."""
    if not (outcome.first_at and outcome.last_at):
        return "without a time"
    first, last = (
        at.removesuffix("Z").replace("T", " ")
        for at in (outcome.first_at, outcome.last_at)
    )
    shown = first if first == last else f"{first} to {last}"
    untimed = f"; {outcome.untimed:,} without a time" if outcome.untimed else ""
    return f"{shown} UTC{untimed}"


def _models(models: dict[str, int]) -> str:
    shown = [
        f"{model} ({number:,})" for model, number in list(models.items())[:_MODELS]
    ]
    more = len(models) - len(shown)
    return ", ".join(shown) + (f", and {more:,} more" if more else "")


def _row(trial: FieldTrial) -> dict[str, object]:
    examples = [*trial.examples, *[None] * EXAMPLES][:EXAMPLES]
    return {
        "field": trial.field,
        "value": trial.value,
        "records": trial.records,
    } | {f"record_{number}": text for number, text in enumerate(examples, 1)}
