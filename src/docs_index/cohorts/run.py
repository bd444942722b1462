"""Run a cohort: each evaluation's three steps, a few evaluations at a time.

An interrupted run asks for no further answer. It waits for the answers that are already
paid for, and stores them. Only as many evaluations are in memory as run at a time.
"""

from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from queue import SimpleQueue

from docs_index.cohorts.answers import KEPT
from docs_index.cohorts.campaign import Campaign, Evaluation
from docs_index.cohorts.endpoint import LanguageModel
from docs_index.cohorts.generation_files import BATCH, answer_exists, parsed_exists
from docs_index.cohorts.spending import Bill
from docs_index.cohorts.steps import (
    evaluation_parsed,
    evaluation_prompt,
    evaluation_raw,
    failure_on_disk,
    is_outdated,
)
from docs_index.errors import (
    AccessError,
    CohortError,
    EvaluationError,
    InBatchError,
    StoppedError,
)
from docs_index.paths import is_there
from docs_index.progress import Progress

STEPS = ("evaluation_prompt", "evaluation_raw", "evaluation_parsed")
RENDERING, ASKING, PARSING = STEPS


@dataclass(frozen=True)
class Work:
    """Which evaluations a run works on; without any, on all that are not done.

    `limit` is the most evaluations that need an answer; `retry` names the failures
    whose answers are set aside and asked for again. Only `steps` are run.
    """

    gen_ids: Collection[str] | None = None
    limit: int | None = None
    retry: Collection[str] = ()
    steps: Collection[str] = STEPS

    @property
    def is_asking(self) -> bool:
        """Whether one of the steps asks for answers."""
        return ASKING in self.steps


@dataclass
class Summary:
    """The results of one run of a cohort.

    `skipped` evaluations were done before, `failed` has messages by gen_id, counted by
    `failures`. `over_limit` are those that the limit left out, `not_started` those that
    the run did not begin, `in_batch` those that wait for a batch. `stopped` says why a
    run ended early. `outdated` counts, by template, the skipped ones that were made
    from an earlier text of it or of their essay. `spent` is by model. `batches` says
    what was sent, and how far each batch is.
    """

    cohort_id: str
    run_id: str
    done: int = 0
    skipped: int = 0
    over_limit: int = 0
    not_started: int = 0
    in_batch: int = 0
    interrupted: bool = False
    stopped: str | None = None
    failed: dict[str, str] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    outdated: Counter[str] = field(default_factory=Counter)
    spent: dict[str, Bill] = field(default_factory=dict)
    batches: list[str] = field(default_factory=list)

    @property
    def counted(self) -> int:
        """How many evaluations are counted."""
        ended = self.done + self.skipped + self.in_batch + len(self.failed)
        return ended + self.over_limit + self.not_started

    @property
    def is_complete(self) -> bool:
        """Whether all evaluations that the run worked on are done."""
        return not (self.failed or self.not_started or self.in_batch or self.stopped)


_ALL = Work()


class End(Enum):
    """How the work on an evaluation ended, if it did not fail."""

    DONE = auto()
    SKIPPED = auto()
    OUTDATED = auto()
    NOT_STARTED = auto()
    IN_BATCH = auto()
    DUE = auto()  # its prompt is to be sent with a batch


_DONE = (End.DONE, End.SKIPPED, End.OUTDATED)


def retried(words: str) -> frozenset[str]:
    """Return the failures that `--retry-failed` names, with commas, or `all`.

    Raises:
        CohortError: there is no such failure.
    """
    named = {word.strip().lower().replace("-", "_") for word in words.split(",")}
    if named == {"all"}:
        return frozenset(KEPT)
    if unknown := sorted(named - set(KEPT)):
        raise CohortError(
            f"--retry-failed {unknown[0]!r} is not a failure whose answer is kept: "
            f"name all, or some of {','.join(KEPT)}"
        )
    return frozenset(named)


def needs_answers(campaign: Campaign, work: Work = _ALL) -> bool:
    """Tell whether a run may have to ask for an answer."""
    return work.is_asking and any(
        needs_answer(campaign, gen_id, has_retry=bool(work.retry))
        for gen_id in chosen(campaign, work)
    )


def needs_answer(campaign: Campaign, gen_id: str, *, has_retry: bool = False) -> bool:
    """Tell whether an evaluation needs an answer, or may need it once it is retried."""
    folder = campaign.folder(campaign.evaluation(gen_id))
    return not parsed_exists(folder) and (has_retry or not answer_exists(folder))


def counts_for_limit(campaign: Campaign, gen_id: str, work: Work) -> bool:
    """Tell whether there is a limit, and an evaluation counts: it may be asked for."""
    if work.limit is None:
        return False
    folder = campaign.folder(campaign.evaluation(gen_id))
    needs_one = needs_answer(campaign, gen_id, has_retry=bool(work.retry))
    return needs_one and not is_there(folder / BATCH)


def chosen(campaign: Campaign, work: Work) -> Collection[str]:
    """Return the evaluations of a cohort that are worked on, in the cohort's order.

    Raises:
        CohortError: one that is named is not of the cohort.
    """
    if work.gen_ids is None:
        return campaign.evaluations.keys()
    for gen_id in work.gen_ids:
        campaign.evaluation(gen_id)
    named = set(work.gen_ids)
    return [gen_id for gen_id in campaign.evaluations if gen_id in named]


def run_cohort(
    campaign: Campaign,
    model: LanguageModel,
    *,
    concurrency: int,
    progress: Progress,
    work: Work = _ALL,
    waiting: Callable[[], None] = lambda: None,
    ended: Callable[[str], None] = lambda gen_id: None,
) -> Summary:
    """Run the evaluations of a cohort that are not done.

    `waiting` is called when the run has been interrupted, before it waits for the last
    answers. A second interruption ends the run at once. `ended` gets each evaluation
    that is done now or was before.

    Raises:
        CohortError: an evaluation that is named is not of the cohort.
        OSError: an answer could not be written; the run asked for no further one.
    """
    summary = Summary(campaign.cohort_id, model.run_id)
    gen_ids = chosen(campaign, work)
    left = work.limit or 0
    pending = iter(gen_ids)
    running: dict[Future[End], str] = {}
    ready: SimpleQueue[Future[End]] = SimpleQueue()
    progress(0, len(gen_ids))

    def collect() -> None:
        future = ready.get()
        evaluation = campaign.evaluation(running.pop(future))
        if count(summary, evaluation, future.result) in _DONE:
            ended(evaluation.gen_id)
        progress(summary.counted, len(gen_ids))

    def run_all() -> None:
        nonlocal left
        for gen_id in pending:
            counts = counts_for_limit(campaign, gen_id, work)
            if not counts or left > 0:
                left -= counts
                ask = partial(_ask, campaign, gen_id, model, work)
                job = threads.submit(finish, campaign, gen_id, model, work, ask)
                running[job] = gen_id
                job.add_done_callback(ready.put)
            else:
                summary.over_limit += 1
            if len(running) >= 2 * concurrency:
                collect()
        while running:
            collect()

    with ThreadPoolExecutor(concurrency) as threads:
        try:
            run_all()
        except KeyboardInterrupt:
            model.gate.stop("interrupted")
            summary.interrupted = True
            waiting()
            run_all()
        except BaseException:
            model.gate.stop("another evaluation could not be written")
            raise
    summary.not_started += len(gen_ids) - summary.counted
    summary.stopped = None if summary.interrupted else model.gate.stopped
    summary.spent = dict(model.spending.spent)
    return summary


def finish(
    campaign: Campaign,
    gen_id: str,
    model: LanguageModel,
    work: Work,
    ask: Callable[[], End],
) -> End:
    """Run the steps of an evaluation; `ask` runs the last two if it needs an answer.

    Raises:
        EvaluationError: a step failed.
        OSError: something could not be read or stored; the run stops.
    """
    evaluation = campaign.evaluation(gen_id)
    folder = campaign.folder(evaluation)
    if parsed_exists(folder):
        evaluation_parsed(campaign, gen_id)
        return End.OUTDATED if is_outdated(campaign, evaluation) else End.SKIPPED
    if model.gate.stopped:
        return End.NOT_STARTED
    try:
        if RENDERING in work.steps:
            evaluation_prompt(campaign, gen_id)
        if work.is_asking:
            is_retried = bool(work.retry) and (
                failure_on_disk(campaign, evaluation) in work.retry
            )
            if is_retried:
                campaign.prompt(evaluation)  # the first step kept that of the answer
            is_asked = is_retried or not answer_exists(folder)
            if is_asked and not is_there(folder / BATCH):
                campaign.model(evaluation)  # else it is blocked, and not asked for
                return ask()
            evaluation_raw(campaign, gen_id, model)
        if PARSING in work.steps:
            evaluation_parsed(campaign, gen_id)
    except StoppedError:
        return End.NOT_STARTED
    except InBatchError:
        return End.IN_BATCH
    except OSError:
        model.gate.stop("an answer could not be written")
        raise
    return End.DONE


def _ask(campaign: Campaign, gen_id: str, model: LanguageModel, work: Work) -> End:
    """Run the steps of an evaluation that needs an answer; the gate counts its end."""
    model.gate.begin()
    try:
        evaluation_raw(campaign, gen_id, model, work.retry)
        if PARSING in work.steps:
            evaluation_parsed(campaign, gen_id)
    except (StoppedError, InBatchError):
        model.gate.withdraw()
        raise
    except EvaluationError as error:
        if isinstance(error, AccessError):
            model.gate.stop(str(error))
        model.gate.end(error.reason)
        raise
    model.gate.end(None)
    return End.DONE


def count(
    summary: Summary, evaluation: Evaluation, ended: Callable[[], End]
) -> End | None:
    """Count how an evaluation ended, and return it; None if it failed."""
    try:
        end = ended()
    except EvaluationError as error:
        summary.failed[evaluation.gen_id] = str(error)
        summary.failures[error.reason] += 1
        return None
    summary.done += end is End.DONE
    summary.skipped += end in (End.SKIPPED, End.OUTDATED)
    summary.in_batch += end is End.IN_BATCH
    summary.not_started += end is End.NOT_STARTED
    if end is End.OUTDATED:
        summary.outdated[evaluation.template_id] += 1
    return end
