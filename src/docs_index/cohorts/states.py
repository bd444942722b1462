"""The state of each evaluation of a cohort, decided from its files.

Reads files of the generation store only, and writes nothing.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from docs_index.cohorts.campaign import Campaign, Evaluation
from docs_index.cohorts.generation_files import (
    BATCH,
    RAW,
    answer_exists,
    parsed_exists,
    read_text,
)
from docs_index.cohorts.steps import parsed_answer
from docs_index.errors import BlockedError, EvaluationError
from docs_index.paths import is_folder, is_there


class State(StrEnum):
    """How far an evaluation is."""

    DONE = "done"
    ANSWERED = "answered"  # has an answer that can be parsed
    FAILED = "failed"  # has an answer that cannot be used
    IN_BATCH = "in_batch"
    TO_RUN = "to_run"
    BLOCKED = "blocked"


PAID = (State.DONE, State.ANSWERED, State.FAILED)
"""The states of evaluations whose answer is on disk."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one evaluation.

    A failed or blocked one has a `reason`, one word for all that are alike, and a
    `message`. One that is to run has its `prompt`.
    """

    evaluation: Evaluation
    state: State
    reason: str | None = None
    message: str | None = None
    prompt: str | None = None


def standings(
    campaign: Campaign,
    new: Collection[str] = (),
    gen_ids: Iterable[str] | None = None,
    retry: Collection[str] = (),
) -> Iterator[Standing]:
    """Yield the state of evaluations of a cohort: of `gen_ids`, else of all in order.

    The evaluations in `new` need not have a directory yet. A failed one whose reason is
    in `retry` counts as one without an answer.
    """
    for gen_id in campaign.evaluations if gen_ids is None else gen_ids:
        evaluation = campaign.evaluation(gen_id)
        found = None if gen_id in new else _existing(campaign, evaluation)
        is_retried = found and found.state is State.FAILED and found.reason in retry
        yield _unanswered(campaign, evaluation) if not found or is_retried else found


def _existing(campaign: Campaign, evaluation: Evaluation) -> Standing | None:
    """Return the state by the files of an evaluation, None if it needs an answer."""
    folder = campaign.folder(evaluation)
    if parsed_exists(folder):
        return Standing(evaluation, State.DONE)
    if not is_folder(folder):
        gone = f"{folder} is missing: build the cohort again"
        return Standing(evaluation, State.BLOCKED, "blocked", gone)
    if answer_exists(folder):
        return _answered(campaign, evaluation)
    if is_there(folder / BATCH):
        return Standing(evaluation, State.IN_BATCH)
    return None


def _answered(campaign: Campaign, evaluation: Evaluation) -> Standing:
    try:
        answer = read_text(campaign.folder(evaluation), RAW)
        parsed_answer(campaign, evaluation, answer)
    except EvaluationError as error:
        return Standing(evaluation, State.FAILED, error.reason, str(error))
    return Standing(evaluation, State.ANSWERED)


def _unanswered(campaign: Campaign, evaluation: Evaluation) -> Standing:
    try:
        campaign.parser(evaluation)
        campaign.model(evaluation)
        prompt = campaign.prompt(evaluation)
    except BlockedError as error:
        return Standing(evaluation, State.BLOCKED, error.reason, str(error))
    return Standing(evaluation, State.TO_RUN, prompt=prompt)
