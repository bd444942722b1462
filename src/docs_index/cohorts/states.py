"""The state of each evaluation of a cohort, decided from its files.

Reads files of the generation store only, and writes nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from docs_index.cohorts.campaign import Campaign, Evaluation
from docs_index.cohorts.generation_files import RAW, parsed_exists, read_text
from docs_index.cohorts.steps import blocked_by, parsed_answer
from docs_index.errors import BlockedError, UnparsedError
from docs_index.paths import is_folder


class State(StrEnum):
    """How far an evaluation is."""

    DONE = "done"
    ANSWERED = "answered"  # has an answer that can be parsed
    FAILED = "failed"
    TO_RUN = "to_run"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Standing:
    """The state of one evaluation; failed and blocked ones have a `reason`."""

    evaluation: Evaluation
    state: State
    reason: str | None = None


@dataclass(frozen=True)
class Tally:
    """The numbers of done, open and failed evaluations of one template and model."""

    template_id: str
    llm_model_id: str
    done: int
    to_do: int
    failed: int


def standings(campaign: Campaign, new: Collection[str] = ()) -> Iterator[Standing]:
    """Yield the state of each evaluation of a cohort, in the cohort's order.

    The evaluations in `new` need not have a directory yet.
    """
    for gen_id, evaluation in campaign.evaluations.items():
        yield _standing(campaign, evaluation, is_new=gen_id in new)


def _standing(campaign: Campaign, evaluation: Evaluation, *, is_new: bool) -> Standing:
    folder = campaign.folder(evaluation)
    if not is_new and not is_folder(folder):
        gone = f"{folder} is missing: build the cohort again"
        return Standing(evaluation, State.BLOCKED, gone)
    if parsed_exists(folder):
        return Standing(evaluation, State.DONE)
    try:
        answer = read_text(folder, RAW)
        if answer is not None:
            parsed_answer(campaign, evaluation, answer)
            return Standing(evaluation, State.ANSWERED)
    except (UnparsedError, BlockedError) as error:
        return Standing(evaluation, State.FAILED, str(error))
    reason = blocked_by(campaign, evaluation)
    return Standing(evaluation, State.BLOCKED if reason else State.TO_RUN, reason)


def tallies(found: Sequence[Standing]) -> list[Tally]:
    """Count evaluations per template and model, in the cohort's order."""
    counted: dict[tuple[str, str], Counter[State]] = {}
    for standing in found:
        evaluation = standing.evaluation
        key = (evaluation.template_id, evaluation.llm_model_id)
        counted.setdefault(key, Counter())[standing.state] += 1
    return [
        Tally(
            *key,
            done=states[State.DONE],
            failed=states[State.FAILED],
            to_do=states.total() - states[State.DONE] - states[State.FAILED],
        )
        for key, states in counted.items()
    ]


def reasons(found: Sequence[Standing], state: State) -> dict[str, int]:
    """Count the evaluations in a state by their reason."""
    reasons = (standing.reason for standing in found if standing.state is state)
    return dict(Counter(reason for reason in reasons if reason))
