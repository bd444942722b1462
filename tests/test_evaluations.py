"""Running a cohort, against a real endpoint on the loopback that counts requests."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from building import REPOSITORY, contents, snapshot, write
from cohort_roots import TEMPLATE, campaign_root, cohort, generation, tables
from endpoint import (
    GOOD,
    Endpoint,
    Reply,
    command,
    environment,
    started_endpoint,
)

from docs_index.cohorts import endpoint as llm_module
from docs_index.cohorts import steps
from docs_index.cohorts.campaign import Campaign, open_campaign
from docs_index.cohorts.endpoint import LanguageModel, find_endpoint
from docs_index.cohorts.gate import Gate
from docs_index.cohorts.generation_files import write_text
from docs_index.cohorts.models import Model
from docs_index.cohorts.run import Summary, needs_answers, run_cohort
from docs_index.cohorts.states import State, standings
from docs_index.cohorts.steps import (
    evaluation_parsed,
    evaluation_prompt,
    evaluation_raw,
)
from docs_index.errors import (
    AccessError,
    AnswerError,
    BlockedError,
    CohortError,
    TableRefusedError,
    UnusableAnswerError,
)
from docs_index.layout import open_cohort_layout

STATUS = (
    "cohort_id", "evaluations", "done", "to_do", "failed", "by_template_and_model",
    "blocked", "failures",
)  # fmt: skip
STEPS = {"evaluation_prompt", "evaluation_raw", "evaluation_parsed"}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with started_endpoint() as running:
        yield running


def opened(root: Path) -> Campaign:
    return open_campaign(open_cohort_layout(root), "here")


def model_at(endpoint: Endpoint, retries: int = 5) -> LanguageModel:
    """Return a language model that hardly waits between requests."""
    found = llm_module.Endpoint(endpoint.url, "key")
    gate = Gate(first_wait_s=0.01, max_wait_s=1.0)
    return LanguageModel(found, "run", retries=retries, gate=gate, first_wait_s=0.01)


def run(root: Path, model: LanguageModel, concurrency: int = 2) -> Summary:
    return run_cohort(
        opened(root), model, concurrency=concurrency, progress=lambda done, total: None
    )


def folder(root: Path, essay: str = "e1") -> Path:
    return root / "gens/evaluation" / f"v_{essay}"


# The steps ---------------------------------------------------------------------------


def test_three_steps_leave_five_files(tmp_path: Path, endpoint: Endpoint) -> None:
    campaign = opened(cohort(tmp_path))
    prompt = evaluation_prompt(campaign, "v_e1")
    assert prompt == TEMPLATE.replace("{{ response }}", "The essay e1.")
    assert evaluation_raw(campaign, "v_e1", model_at(endpoint)) == GOOD
    assert evaluation_parsed(campaign, "v_e1") == "7.0\n"
    assert endpoint.prompts == [prompt]
    assert endpoint.models == ["vendor/sonnet-4"]
    assert endpoint.keys == {"Bearer key"}
    assert {path.name for path in folder(tmp_path).iterdir()} == {
        "metadata.json", "prompt.txt", "raw.txt", "raw_metadata.json", "parsed.txt",
        "parsed_metadata.json",
    }  # fmt: skip
    raw = json.loads((folder(tmp_path) / "raw_metadata.json").read_text())
    assert raw.pop("duration_s") >= 0
    assert datetime.fromisoformat(raw.pop("answered_at")).tzinfo
    assert raw == {
        "model": "vendor/sonnet-4-0711", "llm_model_id": "sonnet-4",
        "finish_reason": "stop", "truncated": False, "requests": 1, "run_id": "run",
        "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
        "request": {"model": "vendor/sonnet-4"}, "endpoint": endpoint.url, "id": "x",
        "provider": "vendor", "cost": None,
    }  # fmt: skip


def test_what_a_text_says_of_itself_is_there_before_it(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the two leaves nothing that passes for whole."""
    written: list[str] = []

    def remember(folder: Path, name: str, text: str) -> None:
        written.append(name)
        write_text(folder, name, text)

    monkeypatch.setattr(steps, "write_text", remember)
    assert run(cohort(tmp_path, ["e1"]), model_at(endpoint)).done == 1
    assert written == [
        "prompt.txt", "raw_metadata.json", "raw.txt", "parsed_metadata.json",
        "parsed.txt",
    ]  # fmt: skip


def test_a_done_evaluation_is_skipped_by_every_step(
    tmp_path: Path, endpoint: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    root = cohort(tmp_path)
    generation(root, "evaluation", "v_e1", prompt="P", raw="R", parsed="")
    generation(root, "evaluation", "v_e2", parsed="only")
    before = snapshot(root)
    caplog.set_level(logging.INFO, "docs_index.cohorts")
    campaign, model = opened(root), model_at(endpoint)
    assert evaluation_prompt(campaign, "v_e1") == "P"
    assert evaluation_raw(campaign, "v_e1", model) == "R"
    assert evaluation_parsed(campaign, "v_e1") == ""
    assert caplog.messages == ["Skipping v_e1: parsed.txt already exists"] * 3
    assert evaluation_prompt(campaign, "v_e2") == ""
    assert evaluation_raw(campaign, "v_e2", model) == ""
    assert evaluation_parsed(campaign, "v_e2") == "only"
    assert endpoint.requests == 0
    assert snapshot(root) == before


def test_steps_go_on_from_what_is_there(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path)
    generation(root, "evaluation", "v_e1", raw="SCORE: 3")
    generation(root, "evaluation", "v_e2", prompt="an older prompt")
    summary = run(root, model_at(endpoint))
    assert (summary.done, summary.skipped, summary.failed) == (2, 0, {})
    assert endpoint.prompts == [TEMPLATE.replace("{{ response }}", "The essay e2.")]
    assert not (folder(root) / "prompt.txt").exists()  # nobody knows what was sent
    assert (folder(root) / "parsed.txt").read_text() == "3.0\n"


def test_a_truncated_answer_is_kept_and_fails(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda prompt, number: Reply(GOOD, finish_reason="length")
    for _ in range(2):
        summary = run(root, model_at(endpoint))
        assert "kept, and failed (truncated)" in summary.failed["v_e1"]
        assert summary.failures == {"truncated": 1}
    assert (folder(root) / "raw.txt").read_text() == GOOD
    assert not (folder(root) / "parsed.txt").exists()
    assert endpoint.requests == 1


@pytest.mark.parametrize("text", ["no number\nat all\nhere", "SCORE: 11"])
def test_an_answer_without_a_score_fails_with_its_last_lines(
    tmp_path: Path, endpoint: Endpoint, text: str
) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda prompt, number: Reply(text)
    failed = run(root, model_at(endpoint)).failed["v_e1"]
    assert " / ".join(text.split("\n")) in failed
    assert (folder(root) / "raw.txt").read_text() == text
    assert [one.state for one in standings(opened(root))] == [State.FAILED]
    run(root, model_at(endpoint))
    assert endpoint.requests == 1


@pytest.mark.parametrize(
    "template",
    ["{{ essay }}", "{{ response", "{{ 1 / 0 }}", "{{ response.__class__.__mro__ }}",
     "{% for x in range(10**9) %}{% endfor %}", "{% include 'x' %}",
     "{{ 'x' * 10**18 }}", "{% macro x() %}{{ x() }}{% endmacro %}{{ x() }}"],
)  # fmt: skip
def test_a_template_that_cannot_be_rendered_blocks(
    tmp_path: Path, endpoint: Endpoint, template: str
) -> None:
    root = cohort(tmp_path, ["e1"])
    write(root, "1_raw/templates/evaluation/novelty.txt", template)
    assert "novelty.txt cannot be rendered" in run(
        root, model_at(endpoint)
    ).failed["v_e1"]  # fmt: skip
    assert endpoint.requests == 0


def test_essays_and_templates_may_be_links_that_stay_inside(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path / "root", ["e1", "e2"])
    template = root / "1_raw/templates/evaluation/novelty.txt"
    kept = template.rename(root / "1_raw/novelty.txt")
    template.symlink_to(kept)
    essay = root / "gens/essay/e2/parsed.txt"
    essay.unlink()
    (tmp_path / "outside.txt").write_text("secret")
    essay.symlink_to(tmp_path / "outside.txt")
    assert "The essay e1." in evaluation_prompt(opened(root), "v_e1")
    with pytest.raises(BlockedError, match=r"e2/parsed\.txt is a link that leads out"):
        evaluation_prompt(opened(root), "v_e2")


def test_an_essay_is_no_template(tmp_path: Path) -> None:
    root = cohort(tmp_path, ["e1"])
    text = "{{ 1 + 1 }} {% raw %} é\r\n"
    (root / "gens/essay/e1/parsed.txt").write_bytes(text.encode())
    prompt = evaluation_prompt(opened(root), "v_e1")
    assert prompt == TEMPLATE.replace("{{ response }}", text)


def test_what_is_missing_blocks(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1", "e2", "e3"])
    (root / "gens/essay/e1/parsed.txt").unlink()
    (folder(root, "e2") / "metadata.json").unlink()
    folder(root, "e2").rmdir()
    (root / "gens/essay/e3/parsed.txt").write_bytes(b"\xff")
    assert [one.state for one in standings(opened(root))] == [
        State.BLOCKED, State.BLOCKED, State.BLOCKED
    ]  # fmt: skip
    failed = run(root, model_at(endpoint)).failed
    assert "e1/parsed.txt is missing: finish the essay first" in failed["v_e1"]
    assert "v_e2 is missing: build the cohort again" in failed["v_e2"]
    assert "e3/parsed.txt is not UTF-8" in failed["v_e3"]
    with pytest.raises(BlockedError, match="run evaluation_prompt first"):
        evaluation_raw(opened(root), "v_e1", model_at(endpoint))
    with pytest.raises(BlockedError, match="run evaluation_raw first"):
        evaluation_parsed(opened(root), "v_e1")
    with pytest.raises(CohortError, match="is not an evaluation of cohort here"):
        evaluation_parsed(opened(root), "v_e9")
    assert endpoint.requests == 0
    tables(root, llm_models=["id,model,for_evaluation", "other,,true"])
    (root / "gens/essay/e1/parsed.txt").write_text("x")
    assert "model sonnet-4 is not in" in run(root, model_at(endpoint)).failed["v_e1"]
    assert not needs_answers(opened(cohort_done(root)))


def test_no_answer_is_bought_that_nothing_can_parse(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1", "e2"])
    evaluation_prompt(opened(root), "v_e1")
    for table, said in (
        (
            ["template_id,parser", "novelty,in_lastline"],
            "'in_lastline' in .* correct it",
        ),
        (["template_id,parser", "other,in_last_line"], "novelty is not in .*: add it"),
    ):
        tables(root, evaluation_templates=table)
        assert {one.state for one in standings(opened(root))} == {State.BLOCKED}
        failed = run(root, model_at(endpoint)).failed
        assert all(re.search(said, failed[name]) for name in ("v_e1", "v_e2"))
    assert endpoint.requests == 0
    generation(root, "evaluation", "v_e2", raw=GOOD)
    with pytest.raises(BlockedError, match="is not in"):
        evaluation_parsed(opened(root), "v_e2")


def cohort_done(root: Path) -> Path:
    for essay in ("e1", "e2", "e3"):
        generation(root, "evaluation", f"v_{essay}", parsed="7.0\n")
    return root


# The endpoint ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500), Reply(status=503), Reply(status=429), Reply(status=0),
        Reply(status=408), Reply(status=409), Reply(status=425),
        Reply(body=b'{"error": {"code": 502}}'),
    ],
    ids=lambda reply: f"{reply.status}{reply.body}",
)  # fmt: skip
def test_what_may_fare_better_is_tried_again(
    tmp_path: Path, endpoint: Endpoint, reply: Reply
) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda prompt, number: reply if number < 3 else Reply()
    assert run(root, model_at(endpoint)).done == 1
    assert endpoint.requests == 3
    raw = json.loads((folder(root) / "raw_metadata.json").read_text())
    assert raw["requests"] == 3


@pytest.mark.parametrize("status", [500, 408, 0])
def test_retries_are_bounded(tmp_path: Path, endpoint: Endpoint, status: int) -> None:
    root = cohort(tmp_path, ["e1", "e2"])
    endpoint.script = lambda prompt, number: Reply(
        status=status if "e1" in prompt else 200
    )
    summary = run(root, model_at(endpoint))
    assert (summary.done, list(summary.failed)) == (1, ["v_e1"])
    assert "no answer after 6 requests" in summary.failed["v_e1"]
    assert endpoint.asked_most == 6
    assert not (folder(root) / "raw.txt").exists()
    run(root, model_at(endpoint, retries=0))
    assert endpoint.requests == 6 + 1 + 1


def test_a_refusal_whose_body_does_not_end_is_given_up(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1"])
    tables(root, llm_models=["id,for_evaluation,timeout_s", "sonnet-4,true,0.3"])
    endless = Reply(status=500, body=b"x" * 1000, drip_s=0.1)  # 100 s
    endpoint.script = lambda prompt, number: endless if number == 1 else Reply()
    begun = time.monotonic()
    assert run(root, model_at(endpoint)).done == 1
    assert time.monotonic() - begun < 50


def test_waits_grow(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda prompt, number: Reply(status=500)
    model = model_at(endpoint, retries=3)
    model.first_wait_s = 0.1
    run(root, model)
    waits = [b - a for a, b in zip(endpoint.times, endpoint.times[1:], strict=False)]
    assert all(
        wait > least for wait, least in zip(waits, (0.07, 0.15, 0.3), strict=True)
    )


def test_retry_after_is_honoured_by_all(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1", "e2", "e3"])
    busy = Reply(status=429, headers={"Retry-After": "1"})

    def script(prompt: str, number: int) -> Reply:
        return busy if "e1" in prompt and number == 1 else Reply(after_s=0.5)

    endpoint.script = script
    assert run(root, model_at(endpoint), concurrency=2).done == 3
    came = list(zip(endpoint.times, endpoint.prompts, strict=True))
    refused = next(time for time, prompt in came if "e1" in prompt)
    later = [
        time - refused
        for time, prompt in came
        if time != refused and "e2" not in prompt
    ]
    assert len(later) == 2
    assert min(later) > 0.95


def test_a_long_wait_stops_the_run(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda prompt, number: Reply(
        status=429, headers={"Retry-After": "86400"}
    )
    summary = run(root, model_at(endpoint))
    assert "86400 seconds without an answer, more than --max-wait" in str(
        summary.stopped
    )
    assert (summary.not_started, summary.failed) == (1, {})
    assert endpoint.requests == 1


def test_a_refused_request_is_not_repeated(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda prompt, number: Reply(status=400, body=b"too long")
    with pytest.raises(AnswerError, match="answers 400: too long"):
        model_at(endpoint).ask("m", Model("m"), "p")
    endpoint.script = lambda prompt, number: Reply(status=404, body=b"<p>\n no\n</p>")
    said = run(root, model_at(endpoint)).failed["v_e1"]
    assert "answers 404: <p> no </p>; check the model in 1_raw/llm_models.csv" in said
    assert endpoint.requests == 2


@pytest.mark.parametrize("status", [401, 402])
def test_a_refused_key_ends_the_run(
    tmp_path: Path, endpoint: Endpoint, status: int
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(20)])
    generation(root, "evaluation", "v_e9", parsed="7.0\n")
    endpoint.script = lambda prompt, number: Reply(status=status)
    summary = run(root, model_at(endpoint))
    assert endpoint.requests <= 3
    assert len(summary.failed) == endpoint.requests
    assert (summary.skipped, summary.not_started) == (1, 19 - endpoint.requests)
    assert f"answers {status}" in str(summary.stopped)
    with pytest.raises(AccessError, match="check the key"):
        model_at(endpoint).ask("m", Model("m"), "p")


def test_the_endpoint_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "of another vendor")
    with pytest.raises(CohortError, match="set OPENROUTER_API_KEY"):
        find_endpoint()
    monkeypatch.setenv("OPENROUTER_API_KEY", "routed")
    assert find_endpoint().base_url == "https://openrouter.ai/api/v1"
    assert find_endpoint().api_key == "routed"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert find_endpoint().api_key == "of another vendor"
    for url in ("http://localhost:80a0/v1", "localhost:80", "http://", "https://é.org"):
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        with pytest.raises(CohortError, match=r"OPENAI_BASE_URL is .* it must be like"):
            find_endpoint()
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.setenv("OPENROUTER_API_KEY", "cut…off")
    with pytest.raises(
        CohortError, match="has characters that are not ASCII: copy it again"
    ):
        find_endpoint()


# What was paid for -------------------------------------------------------------------


def test_an_answer_that_cannot_be_stored_ends_the_run(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(20)])
    for number in range(20):
        (folder(root, f"e{number}") / "raw_metadata.json").mkdir()
    with pytest.raises(OSError):
        run(root, model_at(endpoint))
    assert endpoint.requests <= 2


def test_steps_at_once_buy_one_answer(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda prompt, number: Reply(after_s=0.2)
    campaign = opened(root)
    evaluation_prompt(campaign, "v_e1")
    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(
                lambda _: evaluation_raw(campaign, "v_e1", model_at(endpoint)), range(4)
            )
        )
    assert answers == [GOOD] * 4
    assert endpoint.requests == 1


def test_every_step_may_run_many_times_at_once(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1"])
    campaign, model = opened(root), model_at(endpoint)
    steps = (
        lambda _: evaluation_prompt(campaign, "v_e1"),
        lambda _: evaluation_raw(campaign, "v_e1", model),
        lambda _: evaluation_parsed(campaign, "v_e1"),
    )
    with ThreadPoolExecutor(8) as threads:
        made = [set(threads.map(step, range(40))) for step in steps]
    assert [len(texts) for texts in made] == [1, 1, 1]
    assert not list(folder(root, "e1").glob(".*"))


def test_a_run_has_as_many_requests_at_a_time_as_it_may(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(12)])
    endpoint.script = lambda prompt, number: Reply(after_s=0.1)
    assert run(root, model_at(endpoint), concurrency=3).done == 12
    assert endpoint.most_in_flight == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_an_interrupted_run_keeps_what_is_on_its_way(
    tmp_path: Path, endpoint: Endpoint, number: int
) -> None:
    essays = [f"e{number}" for number in range(12)]
    root = cohort(tmp_path, essays)
    endpoint.script = lambda prompt, number: Reply(after_s=0.5)
    with started_run(root, endpoint, "--concurrency", "3") as process:
        wait_for(lambda: endpoint.requests >= 4)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "waiting for answers that are paid for" in err
    assert "completes it; no answer is bought again" in out
    answers = [essay for essay in essays if (folder(root, essay) / "raw.txt").exists()]
    assert len(answers) == endpoint.requests < 12
    process_again = command("run_evaluations", root, endpoint, "--cohort", "here")
    assert process_again.returncode == 0
    assert endpoint.requests == 12


@pytest.mark.slow
def test_a_killed_run_buys_no_answer_twice_that_had_come(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    essays = [f"e{number}" for number in range(24)]
    root = cohort(tmp_path, essays)
    endpoint.script = lambda prompt, number: Reply(after_s=0.1)
    for kill_at in (5, 14):
        with started_run(root, endpoint, "--concurrency", "3") as process:
            wait_for(lambda at=kill_at: endpoint.requests >= at)
            process.kill()
    assert command(
        "run_evaluations", root, endpoint, "--cohort", "here"
    ).returncode == 0  # fmt: skip
    assert 24 <= endpoint.requests <= 24 + 2 * 3
    assert {
        essay: (folder(root, essay) / "parsed.txt").read_text() for essay in essays
    } == (dict.fromkeys(essays, "7.0\n"))
    left = [path for path in root.rglob("*") if "unpublished" in path.name]
    assert left == []


@pytest.mark.slow
def test_two_runs_at_once_buy_nothing_twice(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(6)])
    endpoint.script = lambda prompt, number: Reply(after_s=0.5)
    with started_run(root, endpoint, "--concurrency", "1") as first:
        wait_for(lambda: endpoint.requests >= 1)
        second = command("run_evaluations", root, endpoint, "--cohort", "here")
        assert second.returncode == 75
        assert "is working on" in second.stderr
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert endpoint.asked_most == 1
    assert endpoint.requests == 6


def started_run(root: Path, endpoint: Endpoint, *args: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "scripts/run_evaluations.py", "--cohort", "here",
        "--no-scores",
         *args],
        cwd=REPOSITORY, env=environment(root, endpoint), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_for(condition: "threading.Event | object") -> None:
    assert callable(condition)
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("what was waited for did not come")


# Commands ----------------------------------------------------------------------------


def test_a_run_and_its_status_tell_how_far_it_is(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1", "e2", "e3"])
    generation(root, "evaluation", "v_e1", parsed="7.0\n")
    endpoint.script = lambda prompt, number: Reply(GOOD if "e2" in prompt else "well")
    before = command("cohort_status", root, endpoint, "here", "--json")
    assert before.returncode == 1
    status = json.loads(before.stdout)
    assert {name: status[name] for name in STATUS} == {
        "cohort_id": "here", "evaluations": 3, "done": 1, "to_do": 2, "failed": 0,
        "by_template_and_model": [{"template_id": "novelty", "done": 1, "to_do": 2,
                                   "llm_model_id": "sonnet-4", "failed": 0}],
        "blocked": {}, "failures": {},
    }  # fmt: skip
    process = command("run_evaluations", root, endpoint, "--cohort", "here", "--json")
    assert process.returncode == 1
    assert "Skipping v_e1: parsed.txt already exists" in process.stderr
    summary = json.loads(process.stdout)
    assert (summary["done"], summary["skipped"], list(summary["failed"])) == (
        1, 1, ["v_e3"]
    )  # fmt: skip
    assert endpoint.keys == {"Bearer secret"}
    assert "secret" not in process.stdout + process.stderr
    files = [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    assert files and not [text for text in files if b"secret" in text]
    after = command("cohort_status", root, endpoint, "here")
    assert after.returncode == 1
    assert "\nnovelty\tsonnet-4\t2\t0\t1\n" in after.stdout
    assert "finds no result in the answer, which ends 'well'" in after.stdout
    generation(root, "evaluation", "v_e3", parsed="1.0\n")
    assert command("cohort_status", root, endpoint, "here").returncode == 0
    again = command("run_evaluations", root, endpoint, "--cohort", "here", "--quiet")
    assert (again.returncode, again.stderr) == (0, "")
    assert endpoint.requests == 2


def test_a_terminal_obeys_no_answer(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda *_: Reply(status=400, body=b"\x1b]0;owned\x07")
    process = command("run_evaluations", root, endpoint, "--cohort", "here")
    assert process.returncode == 1
    assert "\\x1b]0;owned" in process.stdout
    assert "\x1b" not in process.stdout + process.stderr


def test_a_cohort_that_is_not_built_is_named(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    campaign_root(tmp_path)
    for script, args in (
        ("run_evaluations", ("--cohort", "x")),
        ("cohort_status", ("x",)),
    ):
        process = command(script, tmp_path, endpoint, *args)
        assert process.returncode == 2
        assert "cohorts/x/membership.csv is missing: build the cohort" in process.stderr
    assert not (tmp_path / "cohorts").exists()


DAMAGED = (
    ("v_e1", "../x", "has the id '../x', which cannot name a file"),
    ("^(evaluation),v_e1", r"\1,", "has the id '', which cannot"),
    ("^(evaluation,v_e1,here),e1", r"\1,", "has the id '', which cannot"),
    ("^evaluation", "Evaluation", "has the stage 'Evaluation'"),
    (",here,", ",there,", "is of cohort 'there'"),
    ("^evaluation.*\n", "", "it has no evaluation"),
    ("^(evaluation.*\n)", r"\1\1", "has evaluation 'v_e1' once more"),
)


def test_a_damaged_membership_is_refused(tmp_path: Path) -> None:
    root = cohort(tmp_path)
    path = root / "cohorts/here/membership.csv"
    good = path.read_text()
    path.write_text(good.replace("gen_id,", "id,", 1))
    with pytest.raises(TableRefusedError, match="has no column gen_id: build the co"):
        opened(root)
    for old, new, fault in DAMAGED:
        path.write_text(re.sub(old, new, good, flags=re.MULTILINE))
        assert path.read_text() != good
        with pytest.raises(TableRefusedError, match=fault) as refusal:
            opened(root)
        assert str(refusal.value).endswith("\nbuild the cohort again")


def test_a_membership_may_have_long_values(tmp_path: Path) -> None:
    root = cohort(tmp_path, ["e1"])
    path = root / "cohorts/here/membership.csv"
    path.write_text(path.read_text().replace("c-e1", "c" * 200_000, 1))
    assert opened(root).evaluation("v_e1").gen_id == "v_e1"


def test_a_generation_that_is_a_link_is_not_written_to(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path / "root", ["e1"])
    outside = folder(root, "e1").rename(tmp_path / "outside")
    folder(root, "e1").symlink_to(outside)
    before = contents(outside)
    assert "v_e1" in run(root, model_at(endpoint)).failed
    assert contents(outside) == before
    assert endpoint.requests == 0


def test_what_is_no_file_of_its_own_is_not_read(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path / "root", ["e1", "e2", "e3", "e4"])
    outside = tmp_path / "outside.txt"
    outside.write_text(f"secret\n{GOOD}")
    os.mkfifo(folder(root, "e1") / "raw.txt")
    (folder(root, "e2") / "raw.txt").mkdir()
    (folder(root, "e3") / "raw.txt").symlink_to(outside)
    found = {one.evaluation.gen_id: one for one in standings(opened(root))}
    summary = run(root, model_at(endpoint))
    for name in ("v_e1", "v_e2", "v_e3"):
        assert found[name].state is State.FAILED
        for reason in (found[name].message, summary.failed.pop(name)):
            assert f"{name}/raw.txt is a link, or not a regular file" in str(reason)
    assert not summary.failed
    assert endpoint.requests == 1


def test_an_answer_is_parsed_only_once_it_is_whole(tmp_path: Path) -> None:
    root = cohort(tmp_path, ["e1"])
    generation(root, "evaluation", "v_e1", raw=GOOD, raw_metadata='{"truncated": true}')
    with pytest.raises(UnusableAnswerError, match="truncated"):
        evaluation_parsed(opened(root), "v_e1")
    write(root, "gens/evaluation/v_e1/raw_metadata.json", '{"failure": "a later word"}')
    with pytest.raises(UnusableAnswerError, match="unreadable"):
        evaluation_parsed(opened(root), "v_e1")
    for other in ("{", "[]", '{"finish_reason": "stop"}'):
        write(root, "gens/evaluation/v_e1/raw_metadata.json", other)
        assert [one.state for one in standings(opened(root))] == [State.ANSWERED]
