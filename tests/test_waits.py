"""Waiting: what an endpoint asks for, and the gate that all requests pass."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest
from cohort_roots import cohort, tables
from endpoint import Endpoint, Reply, started_endpoint

from docs_index.cohorts import endpoint as llm_module
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.endpoint import LanguageModel
from docs_index.cohorts.gate import Gate, read_duration
from docs_index.cohorts.models import Model
from docs_index.cohorts.run import Summary, run_cohort
from docs_index.cohorts.waits import asked_wait
from docs_index.errors import CohortError, StoppedError
from docs_index.layout import open_cohort_layout

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
FAR_AWAY = f"Mon, 01 Jan {10**19} 00:00:00 GMT"


def dated(**later: float) -> str:
    return format_datetime(NOW + timedelta(**later), usegmt=True)


def epoch(seconds: float, unit: int = 1) -> str:
    return str(int((NOW.timestamp() + seconds) * unit))


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({"retry-after": "7"}, 7), ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-1"}, 0), ({"retry-after": " 3 "}, 3),
        ({"retry-after": dated(seconds=9)}, 9), ({"retry-after": dated(days=-9)}, 0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"x-ratelimit-reset": epoch(12)}, 12),
        ({"x-ratelimit-reset": epoch(12, 1000)}, 12),
        ({"x-ratelimit-reset": "30"}, 30), ({"x-ratelimit-reset": epoch(-5)}, 0),
        ({"x-ratelimit-reset-requests": "1s"}, 1),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-reset-requests": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-reset-requests": "120ms"}, 0.12),
        ({"retry-after": "4", "x-ratelimit-reset": epoch(99)}, 4),
        ({"retry-after": "soon", "x-ratelimit-reset-requests": "2s"}, 2),
    ],
)  # fmt: skip
def test_an_asked_wait_is_read(headers: dict[str, str], seconds: float) -> None:
    assert asked_wait(headers, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "1.2.3s", FAR_AWAY])
def test_another_text_asks_for_nothing(value: str) -> None:
    names = ("retry-after", "retry-after-ms", "x-ratelimit-reset")
    for name in (*names, "x-ratelimit-reset-requests"):
        assert asked_wait({name: value}, NOW) is None
    assert asked_wait({}, NOW) is None


def test_a_date_is_judged_by_the_answers_own_clock() -> None:
    """The clock of this machine may be hours off."""
    headers = {"retry-after": dated(hours=5, seconds=20), "date": dated(hours=5)}
    assert asked_wait(headers, NOW) == 20
    headers = {"x-ratelimit-reset": epoch(18020), "date": dated(hours=5)}
    assert asked_wait(headers, NOW) == 20


@pytest.mark.parametrize(
    "text, seconds", [("90s", 90), ("30m", 1800), ("2h", 7200), (" 1.5M ", 90)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds
    for odd in ("", "30", "m", "-1m", "1d", "1m30s"):
        with pytest.raises(CohortError, match="is not a duration: write a number"):
            read_duration(odd)


# The gate ----------------------------------------------------------------------------


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with started_endpoint() as running:
        yield running


def run(root: Path, endpoint: Endpoint, gate: Gate, concurrency: int = 4) -> Summary:
    model = LanguageModel(
        llm_module.Endpoint(endpoint.url, "key"), "run", retries=0, gate=gate
    )
    return run_cohort(
        open_campaign(open_cohort_layout(root), "here"), model,
        concurrency=concurrency, progress=lambda done, total: None,
    )  # fmt: skip


def limiting(per_window: int, window_s: float, **headers: str) -> Endpoint:
    """Return an endpoint that answers so many requests of a window, then 429."""
    endpoint = Endpoint()
    answered: list[float] = []

    def script(prompt: str, number: int) -> Reply:
        now = time.monotonic()
        answered[:] = [at for at in answered if at > now - window_s]
        if len(answered) >= per_window:
            return Reply(status=429, headers=headers)
        answered.append(now)
        return Reply()

    endpoint.script = script
    return endpoint


def test_a_rate_limit_costs_time_and_no_evaluation(tmp_path: Path) -> None:
    """An endpoint that says nothing but 429: no retries are used up by it."""
    root = cohort(tmp_path, [f"e{number}" for number in range(9)])
    endpoint = limiting(per_window=3, window_s=0.2)
    try:
        summary = run(root, endpoint, Gate(first_wait_s=0.02), concurrency=4)
    finally:
        endpoint.close()
    assert (summary.done, summary.failed, summary.stopped) == (9, {}, None)
    assert endpoint.requests <= 9 + 30  # a wait is shared: nobody hammers


def test_one_wait_is_for_all(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(8)])
    busy = Reply(status=429, headers={"Retry-After-Ms": "700"})
    endpoint.script = lambda *_: busy if endpoint.requests <= 4 else Reply()
    assert run(root, endpoint, Gate()).done == 8
    first, later = endpoint.times[:4], endpoint.times[4:]
    assert min(later) - max(first) > 0.65
    assert len(later) == 8


def test_after_a_wait_one_request_goes_first(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(8)])
    busy = Reply(status=429, headers={"Retry-After-Ms": "100"})
    endpoint.script = lambda *_: busy if endpoint.requests <= 4 else Reply(after_s=0.3)
    assert run(root, endpoint, Gate()).done == 8
    assert endpoint.times[5] - endpoint.times[4] > 0.25


def test_a_busy_endpoint_stops_the_run_after_the_longest_wait(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(6)])
    endpoint.script = lambda *_: Reply(status=429)
    summary = run(root, endpoint, Gate(first_wait_s=0.1, max_wait_s=1.0))
    assert "without an answer, more than --max-wait" in str(summary.stopped)
    assert (summary.not_started, summary.failed) == (6, {})


def test_a_rate_is_held_from_the_start(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(6)])
    assert run(root, endpoint, Gate(requests_per_minute=600)).done == 6
    assert endpoint.times[-1] - endpoint.times[0] > 0.25  # 0.5, but the first is late


def test_a_model_may_have_a_rate(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(6)])
    tables(root, llm_models=[
        "id,for_evaluation,requests_per_minute", "sonnet-4,true,600"
    ])  # fmt: skip
    assert run(root, endpoint, Gate()).done == 6
    assert endpoint.times[-1] - endpoint.times[0] > 0.25  # 0.5, but the first is late


def test_a_stopped_gate_lets_nothing_pass() -> None:
    gate = Gate()
    gate.pause(60.0, is_busy=True)
    threading.Timer(0.1, gate.stop, ["enough"]).start()

    def pass_it(_: int) -> None:
        with pytest.raises(StoppedError, match="enough"), gate.passed(Model("m")):
            pytest.fail("a request passed")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(pass_it, range(4)))
    with pytest.raises(StoppedError):
        gate.begin()
    with pytest.raises(StoppedError):
        gate.rest(1.0)


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "0"},
        {"Retry-After-Ms": "0"},
        {"X-RateLimit-Reset": "1000000000"},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [429, 503])
def test_to_ask_for_no_wait_is_not_to_be_asked_without_end(
    tmp_path: Path, endpoint: Endpoint, headers: dict[str, str], status: int
) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda prompt, number: (
        Reply(status=status, headers=headers) if number <= 4 else Reply()
    )
    found = llm_module.Endpoint(endpoint.url, "key")
    model = LanguageModel(found, "run", gate=Gate(first_wait_s=0.05), first_wait_s=0.05)
    campaign = open_campaign(open_cohort_layout(root), "here")
    summary = run_cohort(
        campaign, model, concurrency=1, progress=lambda done, total: None
    )
    assert (summary.done, endpoint.requests) == (1, 5)
    waits = [after - at for at, after in pairwise(endpoint.times)]
    assert all(wait > 0.75 * 0.05 * 2**n for n, wait in enumerate(waits))
