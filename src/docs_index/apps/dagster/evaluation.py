"""The group `evaluation`: three steps as assets, with a partition per evaluation.

The three are one step of Dagster's: if each were one, a partition that fails in the
first would keep all others from the second. A run works on its partitions with the
runner of `run_evaluations.py`, and on the selected assets alone.

The step always executes. The runner skips a done evaluation, and its texts are returned
as they are on disk. If all partitions of a run are done, Dagster records what the step
returns. If some are not, the step yields a record for each asset and partition that it
has executed, and then fails.
"""

import time
from collections.abc import Collection, Iterable, Iterator

import dagster as dg
from pydantic import Field

from docs_index.apps.dagster.cohort import (
    PARTITIONS,
    opened_campaign,
    register_cohort_partitions,
)
from docs_index.apps.dagster.outcome import SHOWN, failed_lines, outcome
from docs_index.apps.dagster.reporting import Flush, reported, told
from docs_index.apps.dagster.texts import STORE, Texts
from docs_index.cohorts import steps
from docs_index.cohorts.campaign import Campaign
from docs_index.cohorts.endpoint import RETRIES, LanguageModel, opened_model
from docs_index.cohorts.gate import Gate, read_duration
from docs_index.cohorts.generation_files import BATCH, RAW, parsed_exists, read_text
from docs_index.cohorts.run import (
    ASKING,
    PARSING,
    RENDERING,
    STEPS,
    Summary,
    Work,
    needs_answers,
    retried,
    run_cohort,
)
from docs_index.cohorts.survey import bill_fields
from docs_index.errors import CohortError, EvaluationError, first_few
from docs_index.paths import is_there
from docs_index.warehouse.cohort_ids import is_path_component

GROUP = "evaluation"
_TOLD_EVERY_S = 10.0
_OF_ANOTHER = "of_another_cohort"

Record = dg.MaterializeResult[Texts] | dg.AssetMaterialization


class Limits(dg.Config):
    """How a run asks, like the options of run_evaluations.py."""

    concurrency: int = Field(4, description="Requests at the same time, 1 to 64.")
    retries: int = Field(
        RETRIES, description="Retries of one request, after an error that may pass."
    )
    max_wait: str = Field(
        "30m", description="The longest wait without an answer: 90s, 30m, 2h."
    )
    requests_per_minute: float | None = Field(
        None, description="The most requests per minute."
    )
    max_cost: float | None = Field(None, description="The most money to spend.")
    retry_failed: str | None = Field(
        None, description="Ask again where the answer failed: all, or reasons."
    )

    def check(self) -> None:
        """Refuse numbers out of range; Dagster would tell of them with a traceback.

        Raises:
            CohortError: there are some.
        """
        rate, cost = self.requests_per_minute, self.max_cost
        allowed = {
            f"concurrency {self.concurrency}: 1 to 64": 1 <= self.concurrency <= 64,
            f"retries {self.retries}: 0 or more": self.retries >= 0,
            f"requests_per_minute {rate}: above 0": rate is None or rate > 0,
            f"max_cost {cost}: 0 or more": cost is None or cost >= 0,
        }
        if faults := [fault for fault, is_allowed in allowed.items() if not is_allowed]:
            raise CohortError(f"the config cannot be used:\n{first_few(faults)}")


def _spec(step: str, dep: str | dg.AssetKey, description: str) -> dg.AssetSpec:
    spec = dg.AssetSpec(step, deps=[dep], description=description)
    return spec.with_io_manager_key(STORE)


@dg.multi_asset(
    name="evaluations",
    specs=[
        _spec(
            RENDERING,
            register_cohort_partitions.key,
            "prompt.txt: the template with the essay's text.",
        ),
        _spec(
            ASKING,
            RENDERING,
            "raw.txt: the answer of the language model, which is asked once.",
        ),
        _spec(
            PARSING,
            ASKING,
            "parsed.txt: what the template's parser finds in the answer.",
        ),
    ],
    group_name=GROUP,
    partitions_def=PARTITIONS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def evaluations(context: dg.AssetExecutionContext, config: Limits) -> Iterator[Record]:
    """Run the selected steps of the partitions of a run."""
    names = {key.path[-1] for key in context.selected_asset_keys}
    selected = [step for step in STEPS if step in names]
    gen_ids = list(context.partition_keys)
    done: list[str] = []
    with reported(context) as flush:
        config.check()
        campaign = opened_campaign()
        work = Work(
            gen_ids=[name for name in gen_ids if name in campaign.evaluations],
            retry=retried(config.retry_failed) if config.retry_failed else (),
            steps=selected,
        )
        model = _language_model(campaign, work, config, context.run.run_id)
        try:
            summary = run_cohort(
                campaign,
                model,
                concurrency=config.concurrency,
                progress=_Telling(context, flush),
                work=work,
                ended=done.append,
            )
        except BaseException:  # what has ended is recorded
            yield from _records(selected, done)
            raise
        flush()
        done += _of_others(context, campaign, gen_ids, summary)
        _tell_spending(context, summary)
        if summary.is_complete:
            for step in selected:
                yield dg.MaterializeResult(asset_key=step, value=Texts(step, gen_ids))
            return
        yield from _records(selected, done)
        in_batch = _in_batch(campaign, work, done) if summary.in_batch else []
        for gen_id in [*summary.failed, *in_batch]:
            yield from _records(_ended(campaign, gen_id, selected), [gen_id])
        for line in failed_lines(summary)[SHOWN:]:
            context.log.error(line)
        raise told(outcome(summary, in_batch))


class _Telling:
    """Passes the messages of a run on, and says from time to time how far it is."""

    def __init__(self, context: dg.AssetExecutionContext, flush: Flush) -> None:
        self._context, self._flush = context, flush
        self._told_at = time.monotonic()

    def __call__(self, ended: int, total: int) -> None:
        self._flush()
        if time.monotonic() - self._told_at >= _TOLD_EVERY_S:
            self._told_at = time.monotonic()
            self._context.log.info(f"{ended} of {total} evaluations")


def _language_model(
    campaign: Campaign, work: Work, config: Limits, run_id: str
) -> LanguageModel:
    """Return the language model of a run, with the limits of its config."""
    return opened_model(
        run_id,
        Gate(
            requests_per_minute=config.requests_per_minute,
            max_wait_s=read_duration(config.max_wait),
        ),
        retries=config.retries,
        max_cost=config.max_cost,
        is_asking=needs_answers(campaign, work),
    )


def _of_others(
    context: dg.AssetExecutionContext,
    campaign: Campaign,
    gen_ids: Iterable[str],
    summary: Summary,
) -> Iterator[str]:
    """Yield the done evaluations of other cohorts; count their other ones as failed."""
    for gen_id in gen_ids:
        if gen_id in campaign.evaluations:
            continue
        if _is_done(campaign, gen_id):
            context.log.info(f"Skipping {gen_id}: parsed.txt already exists")
            summary.skipped += 1
            yield gen_id
            continue
        try:
            campaign.evaluation(gen_id)
        except CohortError as error:
            summary.failed[gen_id] = str(error)
            summary.failures[_OF_ANOTHER] += 1


def _is_done(campaign: Campaign, gen_id: str) -> bool:
    folder = campaign.layout.generation("evaluation", gen_id)
    return is_path_component(gen_id) and parsed_exists(folder)


def _tell_spending(context: dg.AssetExecutionContext, summary: Summary) -> None:
    for name, bill in summary.spent.items():
        fields = bill_fields(bill)
        cost = "not known" if fields["cost"] is None else fields["cost"]
        context.log.info(
            f"spent on {name}: {bill.answers} answers, {bill.tokens_in} prompt tokens, "
            f"{bill.tokens_out} answer tokens, money {cost}"
        )
    for template_id, count in summary.outdated.items():
        context.log.warning(
            "made from an earlier text of their template or essay, template "
            f"{template_id}: {count}"
        )


def _in_batch(campaign: Campaign, work: Work, done: Iterable[str]) -> list[str]:
    """Return the evaluations that wait for a batch."""
    left = dict.fromkeys(work.gen_ids or ())
    for gen_id in done:
        left.pop(gen_id, None)
    folder = campaign.folder
    return [one for one in left if is_there(folder(campaign.evaluation(one)) / BATCH)]


def _ended(campaign: Campaign, gen_id: str, selected: Collection[str]) -> list[str]:
    """Return the selected steps that ended of an evaluation that is not done."""
    ended: list[str] = []
    if gen_id not in campaign.evaluations:
        return ended
    try:
        if RENDERING in selected:
            steps.evaluation_prompt(campaign, gen_id)  # as before; it costs nothing
            ended.append(RENDERING)
        folder = campaign.folder(campaign.evaluation(gen_id))
        if ASKING in selected and read_text(folder, RAW) is not None:
            ended.append(ASKING)
    except EvaluationError:
        pass
    return ended


def _records(
    selected: Iterable[str], gen_ids: Iterable[str]
) -> Iterator[dg.AssetMaterialization]:
    """Yield a record for each step of each evaluation."""
    for step in selected:
        texts = Texts(step, list(gen_ids))
        for gen_id in texts:
            yield dg.AssetMaterialization(
                step, partition=gen_id, metadata=texts.facts(gen_id)
            )
