"""Money: what is planned, what is spent, and a budget that holds."""

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cohort_roots import cohort, generation, tables
from endpoint import GOOD, Endpoint, Reply, command, environment, started_endpoint
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from docs_index.apps.cli.commands import cohort_run
from docs_index.cohorts import endpoint as llm_module
from docs_index.cohorts.answers import Usage
from docs_index.cohorts.batches import run_batches
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.endpoint import LanguageModel
from docs_index.cohorts.models import Model, read_models
from docs_index.cohorts.run import Summary, Work, run_cohort
from docs_index.cohorts.spending import Bill, billed, tokens_of
from docs_index.cohorts.survey import surveyed
from docs_index.disk import publish as publish_module
from docs_index.errors import CohortError, TableRefusedError
from docs_index.layout import open_cohort_layout

COSTS = {"prompt_tokens": 100, "completion_tokens": 10, "cost": 0.01}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with started_endpoint() as running:
        yield running


def run(
    root: Path, endpoint: Endpoint, max_cost: str | None = None, concurrency: int = 64
) -> Summary:
    most = None if max_cost is None else Decimal(max_cost)
    model = LanguageModel(
        llm_module.Endpoint(endpoint.url, "key"), "run", max_cost=most
    )
    return run_cohort(
        open_campaign(open_cohort_layout(root), "here"), model,
        concurrency=concurrency, progress=lambda done, total: None,
    )  # fmt: skip


def many(root: Path, count: int = 80) -> Path:
    return cohort(root, [f"e{number}" for number in range(count)])


def priced(root: Path, values: str = "1,2,", header: str = "max_tokens") -> None:
    tables(root, llm_models=[
        f"id,for_evaluation,price_in,price_out,{header}", f"sonnet-4,true,{values}"
    ])  # fmt: skip


# Arithmetic --------------------------------------------------------------------------


def test_the_endpoints_own_cost_wins_over_prices() -> None:
    model = Model("m", price_in=Decimal("3"), price_out=Decimal("15"))
    assert billed(model, Usage(1000, 100, None), 0, 0)[2] == Decimal("0.0045")
    assert billed(model, Usage(1000, 100, 0.1), 0, 0)[2] == Decimal("0.1")
    assert billed(model, Usage(), 4001, 8) == (1001, 2, Decimal("0.003033"))
    assert billed(Model("m"), Usage(1000, 100), 0, 0)[2] is None


@given(st.lists(st.decimals(0, 10, places=9), max_size=50))
def test_money_adds_up_exactly(costs: list[Decimal]) -> None:
    bill = Bill()
    for cost in costs:
        bill.add(1, 1, cost)
    assert bill.cost == sum(costs)
    assert (bill.answers, bill.without_cost) == (len(costs), 0)


@pytest.mark.parametrize("chars, tokens", [(0, 0), (1, 1), (4, 1), (5, 2)])
def test_four_characters_are_a_token(chars: int, tokens: int) -> None:
    assert tokens_of(chars) == tokens


def test_wrong_settings_are_all_named(tmp_path: Path) -> None:
    tables(tmp_path, llm_models=[
        "id,for_evaluation,temperature,max_tokens,extra_body,price_in,timeout_s",
        "a,true,0.7,10,{},0.15,1", 'b,true,"0,7",x,[1],-1,0',
        'c,true,,,"{""model"": ""x""}",,', 'd,true,,,"{""top_k"": NaN}",,',
    ])  # fmt: skip
    with pytest.raises(TableRefusedError) as refusal:
        read_models(open_cohort_layout(tmp_path))
    told = str(refusal.value).splitlines()[1:]
    assert told == [
        '  row 2, model b: extra_body is "[1]": it must be a JSON object',
        '  row 2, model b: max_tokens is "x": it must be a whole number of at least 1',
        '  row 2, model b: price_in is "-1": it must be a number of at least 0',
        '  row 2, model b: temperature is "0,7": it must be a number of at least 0',
        '  row 2, model b: timeout_s is "0": it must be a number of at least 0.001',
        "  row 3, model c: extra_body sets model, which only this program may set",
        "  row 4, model d: extra_body has a value that is not JSON, such as NaN",
    ]


@pytest.mark.parametrize("most", ["null", '""many""', "true", "-5", "1.5"])
def test_a_limit_of_tokens_that_is_none_is_not_counted_with(
    tmp_path: Path, endpoint: Endpoint, most: str
) -> None:
    """It may stand in extra_body, which is sent as it is."""
    root = many(tmp_path, 2)
    priced(root, f'1,2,"{{""max_tokens"": {most}}}"', "extra_body")
    campaign = open_campaign(open_cohort_layout(root), "here")
    assert surveyed(campaign).plans["sonnet-4"].answer_tokens is None
    assert run(root, endpoint, "1").done == 2


# The budget --------------------------------------------------------------------------


def test_a_budget_holds_with_64_requests_at_a_time(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    """Only the answers say what they cost."""
    root = many(tmp_path)
    are_many = threading.Event()

    def script(prompt: str, number: int) -> Reply:
        if endpoint.in_flight > 10:
            are_many.set()
        if endpoint.requests > 1:  # the first answer says what the others may cost
            are_many.wait(30)
        return Reply(usage=COSTS)

    endpoint.script = script
    summary = run(root, endpoint, "0.255")
    assert endpoint.requests == summary.done == 25
    assert summary.spent["sonnet-4"].cost == Decimal("0.25")
    assert summary.stopped == "the next answer may pass --max-cost 0.255"
    assert summary.not_started == 55
    assert are_many.is_set()


def test_a_budget_holds_by_prices_alone(tmp_path: Path, endpoint: Endpoint) -> None:
    root = many(tmp_path)
    priced(root, "10000,100000,20")
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 20,
    }  # 0.1 + 2.0 each, of 0.11 + 2.0 reserved
    endpoint.script = lambda *_: Reply(usage=usage, after_s=0.05)
    summary = run(root, endpoint, "21.2")
    assert endpoint.requests == 10
    assert summary.spent["sonnet-4"].cost == 21


def test_answers_of_any_cost_keep_within_max_tokens(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = many(tmp_path)
    priced(root, "0,1000000,10")

    def script(prompt: str, number: int) -> Reply:
        tokens = endpoint.requests % 10 + 1  # 1 to 10 a piece
        return Reply(usage={"prompt_tokens": 1, "completion_tokens": tokens})

    endpoint.script = script
    summary = run(root, endpoint, "100", concurrency=16)
    spent = summary.spent["sonnet-4"].cost
    assert 90 <= spent <= 100


def test_nothing_is_asked_for_that_the_budget_cannot_pay(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = many(tmp_path, 5)
    assert run(root, endpoint, "0").not_started == 5
    priced(root, "1000000,0,")
    assert run(root, endpoint, "1").not_started == 5
    assert endpoint.requests == 0


def test_a_budget_without_any_price_stops_after_one_answer(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = many(tmp_path, 30)
    summary = run(root, endpoint, "5")
    assert endpoint.requests == 1
    assert "write its prices into 1_raw/llm_models.csv" in str(summary.stopped)


def test_failures_and_errors_are_paid_as_they_are(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = many(tmp_path, 4)
    replies = [
        Reply(usage=COSTS), Reply(usage=COSTS, finish_reason="length"),
        Reply(status=400), Reply(body=b"{}"),
    ]  # fmt: skip
    endpoint.script = lambda *_: replies[endpoint.requests - 1]
    summary = run(root, endpoint, "1", concurrency=1)
    bill = summary.spent["sonnet-4"]
    assert (bill.answers, bill.cost, bill.without_cost) == (3, Decimal("0.02"), 1)
    assert summary.stopped is None


def test_what_the_budget_cannot_pay_is_not_set_aside(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = many(tmp_path, 4)
    endpoint.script = lambda *_: Reply(usage=COSTS, finish_reason="length")
    run(root, endpoint)
    campaign = open_campaign(open_cohort_layout(root), "here")
    work = Work(retry=("truncated",))

    def model() -> LanguageModel:
        found = llm_module.Endpoint(endpoint.url, "key")
        return LanguageModel(found, "run", max_cost=Decimal(0))

    again = run_cohort(campaign, model(), concurrency=4, work=work, progress=shown)
    assert again.not_started == 4
    with pytest.raises(CohortError, match="price_in, price_out and max_tokens"):
        run_batches(campaign, model(), progress=shown, work=work)
    assert not list(root.glob("gens/evaluation/*/attempts"))
    assert endpoint.requests == 4


def shown(done: int, total: int) -> None:
    """Show no progress."""


def test_a_full_disk_is_seen_before_anything_is_bought(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = many(tmp_path, 4)
    monkeypatch.setattr(publish_module, "_ROOM_BYTES", 2**70)
    with pytest.raises(OSError, match="No space left"):
        run(root, endpoint)
    assert endpoint.requests == 0


# The plan ----------------------------------------------------------------------------


def test_a_plan_counts_calls_tokens_and_money(tmp_path: Path) -> None:
    root = cohort(tmp_path, ["e1", "e2", "e3"])
    priced(root, "2,10,50")
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    generation(root, "evaluation", "v_e3", prompt="p", raw=GOOD, parsed="7.0\n",
               raw_metadata={"usage": usage | {"cost": 0.5}})  # fmt: skip
    survey = surveyed(open_campaign(open_cohort_layout(root), "here"))
    plan = survey.plans["sonnet-4"]
    prompt = "Judge this:\nThe essay e1.\nEnd with SCORE: n"
    assert (plan.calls, plan.prompt_tokens) == (2, 2 * tokens_of(len(prompt)))
    assert plan.answer_tokens == 200  # as many as the answer that is there
    assert plan.cost == (plan.prompt_tokens * 2 + 200 * 10) / Decimal(10**6)
    saved = plan.saved
    assert (saved.answers, saved.tokens_in, saved.tokens_out) == (1, 1000, 100)
    assert saved.cost == Decimal("0.5")
    assert survey.outdated == {"novelty": 1}


def test_a_plan_without_answers_takes_max_tokens(tmp_path: Path) -> None:
    root = cohort(tmp_path, ["e1", "e2"])
    priced(root, "2,10,50")
    campaign = open_campaign(open_cohort_layout(root), "here")
    assert surveyed(campaign).plans["sonnet-4"].answer_tokens == 100
    priced(root, "2,10,")
    campaign = open_campaign(open_cohort_layout(root), "here")
    plan = surveyed(campaign).plans["sonnet-4"]
    assert (plan.answer_tokens, plan.cost) == (
        None,
        plan.prompt_tokens * 2 / Decimal(10**6),
    )
    tables(root, llm_models=["id,for_evaluation", "sonnet-4,true"])
    campaign = open_campaign(open_cohort_layout(root), "here")
    assert surveyed(campaign).plans["sonnet-4"].cost is None


# Which evaluations -------------------------------------------------------------------


def test_a_limit_is_not_used_up_by_answers_that_failed(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = many(tmp_path, 6)
    endpoint.script = lambda prompt, number: Reply(
        finish_reason="length" if "e0." in prompt or "e1." in prompt else "stop"
    )
    model = LanguageModel(llm_module.Endpoint(endpoint.url, "key"), "run")
    campaign = open_campaign(open_cohort_layout(root), "here")
    for asked in (2, 4, 6):
        plan = surveyed(campaign, limit=2).plans["sonnet-4"]
        run_cohort(
            campaign, model, concurrency=2, work=Work(limit=2),
            progress=lambda done, total: None,
        )  # fmt: skip
        assert (endpoint.requests, plan.calls) == (asked, 2)


def test_a_limit_counts_what_is_not_done(tmp_path: Path, endpoint: Endpoint) -> None:
    root = many(tmp_path, 6)
    generation(root, "evaluation", "v_e0", parsed="7.0\n")
    campaign = open_campaign(open_cohort_layout(root), "here")
    model = LanguageModel(llm_module.Endpoint(endpoint.url, "key"), "run")
    summary = run_cohort(
        campaign, model, concurrency=2, work=Work(limit=2),
        progress=lambda done, total: None,
    )  # fmt: skip
    assert (summary.done, summary.skipped, summary.over_limit) == (2, 1, 3)
    assert summary.is_complete
    assert endpoint.requests == 2


def test_a_run_and_its_plan_say_what_it_costs(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = many(tmp_path, 6)
    endpoint.script = lambda *_: Reply(usage=COSTS)
    ids, failed = tmp_path / "ids.txt", tmp_path / "failed.txt"
    ids.write_text("# two\nv_e1\n\nv_e4\n")
    args = ("--cohort", "here", "--ids", str(ids), "--json", "--quiet")
    planned = command("run_evaluations", root, endpoint, *args, "--dry-run")
    assert planned.returncode == 0
    plan = json.loads(planned.stdout)
    assert (plan["calls_to_make"], plan["models"][0]["calls"]) == (2, 2)
    assert endpoint.requests == 0
    assert not list(root.glob("gens/evaluation/*/prompt.txt"))
    ran = command("run_evaluations", root, endpoint, *args, "--failed-ids", str(failed))
    assert ran.returncode == 0
    spent: dict[str, Any] = json.loads(ran.stdout)["spent"]["sonnet-4"]
    assert spent == {
        "answers": 2, "prompt_tokens": 200, "answer_tokens": 20, "cost": 0.02,
        "without_cost": 0,
    }  # fmt: skip
    assert failed.read_text() == ""
    status = command("cohort_status", root, endpoint, "--cohort", "here")
    assert "answers that are there" in status.stdout
    assert "\t0.02\n" in status.stdout
    ids.write_text("v_e9\n")
    refused = command("run_evaluations", root, endpoint, *args)
    assert refused.returncode == 2
    assert "v_e9 is not an evaluation of cohort here" in refused.stderr
    assert endpoint.requests == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "no space")])
def test_what_was_spent_is_told_before_scores_fail(
    tmp_path: Path,
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    root = many(tmp_path, 2)
    for name, value in environment(root, endpoint).items():
        monkeypatch.setenv(name, value)

    def failing(layout: object) -> None:
        raise error

    monkeypatch.setattr(cohort_run, "aggregate_scores", failing)
    args = ["--cohort", "here", "--json", "--quiet"]
    result = CliRunner().invoke(cohort_run.app, args)
    assert json.loads(result.stdout)["spent"]["sonnet-4"]["answers"] == 2
    assert result.exit_code == (130 if isinstance(error, KeyboardInterrupt) else 74)
