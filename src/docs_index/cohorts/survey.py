"""How far a cohort is, what it costs to finish it, and what reuse has saved.

Counts the states of its evaluations, one at a time, so that memory does not grow with
the cohort. Reads files of the generation store, and writes nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from docs_index.cohorts.answers import Usage, used
from docs_index.cohorts.campaign import Campaign, Evaluation
from docs_index.cohorts.generation_files import RAW, read_bytes
from docs_index.cohorts.models import Model
from docs_index.cohorts.spending import Bill, billed, tokens_of
from docs_index.cohorts.states import PAID, Standing, State, standings
from docs_index.cohorts.steps import differ, prompts_of, raw_metadata
from docs_index.errors import BlockedError

_EXAMPLES = 5


@dataclass
class ModelPlan:
    """The calls of one language model: those to make, and those that reuse saves.

    `prompt_tokens` are those of the rendered prompts, four characters each.
    `answer_tokens` are as many as the answers that are there had on average, else
    `max_tokens`, None if neither is known. `cost` is of both, None without prices, and
    of the prompts alone where `answer_tokens` is None.
    """

    llm_model_id: str
    calls: int = 0
    prompt_tokens: int = 0
    answer_tokens: int | None = None
    cost: Decimal | None = None
    saved: Bill = field(default_factory=Bill)
    measured: int = 0
    """How many of the saved answers say how many tokens they had."""


@dataclass
class Tally:
    """The numbers of done, open and failed evaluations of one template and model."""

    template_id: str
    llm_model_id: str
    done: int = 0
    to_do: int = 0
    failed: int = 0


@dataclass
class Survey:
    """The states of a cohort's evaluations, counted.

    `failed` and `blocked` count by reason and by message; `examples` has the first
    messages of each reason. `failed_ids` lists all failed evaluations. `outdated`
    counts the answers that were made from an earlier text of their template or essay.
    """

    states: Counter[State] = field(default_factory=Counter)
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    plans: dict[str, ModelPlan] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    blocked: Counter[str] = field(default_factory=Counter)
    failed_ids: list[str] = field(default_factory=list)
    outdated: Counter[str] = field(default_factory=Counter)

    @property
    def evaluations(self) -> int:
        """How many evaluations the cohort has."""
        return self.states.total()

    @property
    def calls_saved(self) -> int:
        """How many answers are on disk."""
        return sum(self.states[state] for state in PAID)

    def add(self, campaign: Campaign, standing: Standing) -> None:
        """Count one evaluation."""
        evaluation, state = standing.evaluation, standing.state
        self.states[state] += 1
        key = (evaluation.template_id, evaluation.llm_model_id)
        tally = self.tallies.setdefault(key, Tally(*key))
        plan = self.plans.setdefault(key[1], ModelPlan(key[1]))
        tally.done += state is State.DONE
        tally.failed += state is State.FAILED
        tally.to_do += state not in (State.DONE, State.FAILED)
        if state is State.FAILED:
            self._add_failed(standing)
        elif state is State.BLOCKED:
            self.blocked[standing.message or ""] += 1
        elif state is State.TO_RUN:
            plan.calls += 1
            plan.prompt_tokens += tokens_of(len(standing.prompt or ""))
        if state in PAID:
            sent, now = prompts_of(campaign, evaluation)
            tokens_in, tokens_out, cost = _paid(campaign, evaluation, sent or now or "")
            plan.saved.add(tokens_in, tokens_out, cost)
            plan.measured += tokens_out > 0
            if differ(sent, now):
                self.outdated[evaluation.template_id] += 1

    def _add_failed(self, standing: Standing) -> None:
        reason = standing.reason or ""
        self.failed[reason] += 1
        self.failed_ids.append(standing.evaluation.gen_id)
        examples = self.examples.setdefault(reason, [])
        if len(examples) < _EXAMPLES:
            examples.append(standing.message or "")


def surveyed(
    campaign: Campaign,
    new: Collection[str] = (),
    gen_ids: Iterable[str] | None = None,
    retry: Collection[str] = (),
    limit: int | None = None,
) -> Survey:
    """Return how far a cohort is; evaluations in `new` need not be on disk.

    Only `gen_ids` count, if they are given, and of those that need an answer at most
    `limit`. Failures in `retry` count as evaluations without an answer.
    """
    survey = Survey()
    left = limit
    for standing in standings(campaign, new, gen_ids, retry):
        if standing.state in (State.TO_RUN, State.BLOCKED) and left is not None:
            if not left:
                continue
            left -= 1
        survey.add(campaign, standing)
    for plan in survey.plans.values():
        _estimate(plan, campaign.models.get(plan.llm_model_id))
    return survey


def _estimate(plan: ModelPlan, model: Model | None) -> None:
    """Complete the plan of a model: the tokens of its answers, and the money."""
    if model is None:
        return
    if plan.measured:
        mean = Decimal(plan.saved.tokens_out) / plan.measured
        plan.answer_tokens = round(mean * plan.calls)
    elif model.max_tokens is not None:
        plan.answer_tokens = plan.calls * model.max_tokens
    plan.cost = model.price(plan.prompt_tokens, plan.answer_tokens or 0)


def _paid(
    campaign: Campaign, evaluation: Evaluation, prompt: str
) -> tuple[int, int, Decimal | None]:
    """Return the tokens and the cost of an answer on disk."""
    folder = campaign.folder(evaluation)
    try:
        answer = read_bytes(folder, RAW) or b""
        usage = used(raw_metadata(folder).get("usage"))
    except BlockedError:
        answer, usage = b"", Usage()
    model = campaign.models.get(evaluation.llm_model_id, Model(""))
    chars_out = len(answer.decode(errors="replace"))
    return billed(model, usage, len(prompt), chars_out)


def survey_fields(survey: Survey) -> dict[str, Any]:
    """Return a survey as `--json` shows it."""
    tallies = list(survey.tallies.values())
    return {
        "evaluations": survey.evaluations,
        "done": sum(tally.done for tally in tallies),
        "to_do": sum(tally.to_do for tally in tallies),
        "failed": sum(tally.failed for tally in tallies),
        "in_batch": survey.states[State.IN_BATCH],
        "calls_to_make": survey.states[State.TO_RUN],
        "calls_saved": survey.calls_saved,
        "by_template_and_model": [asdict(tally) for tally in tallies],
        "models": [plan_fields(plan) for plan in survey.plans.values()],
        "blocked": dict(survey.blocked),
        "failures": dict(survey.failed),
        "outdated": dict(survey.outdated),
    }


def plan_fields(plan: ModelPlan) -> dict[str, Any]:
    """Return the plan of a model as a summary shows it; money are numbers."""
    saved = plan.saved
    return {
        "llm_model_id": plan.llm_model_id,
        "calls": plan.calls,
        "prompt_tokens": plan.prompt_tokens,
        "answer_tokens": plan.answer_tokens,
        "cost": _number(plan.cost),
        "saved": bill_fields(saved),
    }


def bill_fields(bill: Bill) -> dict[str, Any]:
    """Return a bill as a summary shows it; its cost is None where none is known."""
    is_known = bill.answers > bill.without_cost
    return {
        "answers": bill.answers,
        "prompt_tokens": bill.tokens_in,
        "answer_tokens": bill.tokens_out,
        "cost": _number(bill.cost) if is_known or not bill.answers else None,
        "without_cost": bill.without_cost,
    }


def _number(money: Decimal | None) -> float | None:
    return None if money is None else float(money)
