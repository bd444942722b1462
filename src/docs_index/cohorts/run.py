"""Run a cohort: each evaluation's three steps, a few evaluations at a time.

An interrupted run asks for no further answer. It waits for the answers that are already
paid for, and stores them.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from threading import Event

from docs_index.cohorts.campaign import Campaign
from docs_index.cohorts.endpoint import LanguageModel
from docs_index.cohorts.generation_files import parsed_exists, raw_exists
from docs_index.cohorts.steps import (
    evaluation_parsed,
    evaluation_prompt,
    evaluation_raw,
)
from docs_index.errors import AccessError, EvaluationError, StoppedError
from docs_index.progress import Progress


@dataclass
class Summary:
    """The results of one run of a cohort.

    `skipped` evaluations were done before, `failed` has messages by gen_id, and
    `not_started` are those that an interrupted run did not begin.
    """

    cohort_id: str
    run_id: str
    done: int = 0
    skipped: int = 0
    not_started: int = 0
    interrupted: bool = False
    failed: dict[str, str] = field(default_factory=dict)


def needs_answers(campaign: Campaign) -> bool:
    """Tell whether any evaluation of the cohort needs an answer."""
    return any(needs_answer(campaign, gen_id) for gen_id in campaign.evaluations)


def needs_answer(campaign: Campaign, gen_id: str) -> bool:
    """Tell whether an evaluation needs an answer."""
    folder = campaign.folder(campaign.evaluation(gen_id))
    return not parsed_exists(folder) and not raw_exists(folder)


def run_cohort(
    campaign: Campaign,
    model: LanguageModel,
    *,
    concurrency: int,
    progress: Progress,
    waiting: Callable[[], None] = lambda: None,
) -> Summary:
    """Run the evaluations of a cohort that are not done.

    `waiting` is called when the run has been interrupted, before it waits for the last
    answers. A second interruption ends the run at once.

    Raises:
        OSError: an answer could not be stored; the run asked for no further one.
    """
    summary = Summary(campaign.cohort_id, model.run_id)
    with ThreadPoolExecutor(concurrency) as threads:
        running: dict[Future[bool], str] = {}
        try:
            for gen_id in campaign.evaluations:
                running[threads.submit(_finish, campaign, gen_id, model)] = gen_id
            _collect(running, summary, model.stopping, progress)
        except KeyboardInterrupt:
            model.stopping.set()
            summary.interrupted = True
            waiting()
            _collect(running, summary, model.stopping, progress)
    return summary


def _finish(campaign: Campaign, gen_id: str, model: LanguageModel) -> bool:
    """Run the steps of an evaluation; return False if it was done before."""
    folder = campaign.folder(campaign.evaluation(gen_id))
    is_new = not parsed_exists(folder)
    if model.stopping.is_set():
        if is_new:
            raise StoppedError("stopped before it began: run again")
        return False
    try:
        if is_new:
            evaluation_prompt(campaign, gen_id)
            evaluation_raw(campaign, gen_id, model)
        evaluation_parsed(campaign, gen_id)
    except OSError:
        model.stopping.set()  # do not buy answers that cannot be stored
        raise
    return is_new


def _collect(
    running: dict[Future[bool], str],
    summary: Summary,
    stopping: Event,
    progress: Progress,
) -> None:
    """Collect results in the order in which they end; remove them from `running`."""
    total = summary.done + summary.skipped + len(summary.failed) + len(running)
    for future in as_completed(list(running)):
        gen_id = running.pop(future)
        try:
            if future.result():
                summary.done += 1
            else:
                summary.skipped += 1
        except StoppedError:
            summary.not_started += 1
        except EvaluationError as error:
            if isinstance(error, AccessError):
                stopping.set()
            summary.failed[gen_id] = str(error)
        progress(total - len(running), total)
