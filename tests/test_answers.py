"""What is an answer: every row of the table, by the requests that come of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cohort_roots import TEMPLATE, cohort, generation, tables
from endpoint import GOOD, Endpoint, Reply, started_endpoint

from docs_index.cohorts import endpoint as llm_module
from docs_index.cohorts.answers import KEPT, RefusedBody, Usage, judged, used
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.endpoint import LanguageModel
from docs_index.cohorts.gate import Gate
from docs_index.cohorts.run import Summary, Work, retried, run_cohort
from docs_index.errors import CohortError
from docs_index.layout import open_cohort_layout
from docs_index.resources import seed


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with started_endpoint() as running:
        yield running


def run(
    root: Path, endpoint: Endpoint, retry: str = "", concurrency: int = 2
) -> Summary:
    found = llm_module.Endpoint(endpoint.url, "key")
    gate = Gate(first_wait_s=0.01, max_wait_s=5.0)
    model = LanguageModel(found, "run", retries=2, gate=gate, first_wait_s=0.01)
    campaign = open_campaign(open_cohort_layout(root), "here")
    work = Work(retry=retried(retry) if retry else ())
    return run_cohort(
        campaign, model, concurrency=concurrency, work=work,
        progress=lambda done, total: None,
    )  # fmt: skip


def folder(root: Path, essay: str = "e1") -> Path:
    return root / "gens/evaluation" / f"v_{essay}"


def metadata(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder(root) / "raw_metadata.json").read_text())
    return found


def body(**values: Any) -> bytes:
    return json.dumps(values).encode()


# Answers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason",
    [None, "stop", "end_turn", "eos", "eos_token", "stop_sequence", "STOP"],
)
def test_a_whole_text_is_an_answer(
    tmp_path: Path, endpoint: Endpoint, reason: str | None
) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda *_: Reply(finish_reason=reason)
    assert run(root, endpoint).done == 1
    assert (folder(root) / "parsed.txt").read_text() == "7.0\n"
    assert endpoint.requests == 1


def test_an_answer_may_lack_its_finish_reason_and_usage(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1"])
    answer = body(choices=[{"message": {"content": GOOD}}])
    endpoint.script = lambda *_: Reply(body=answer)
    assert run(root, endpoint).done == 1
    assert metadata(root)["usage"] is None


def test_an_answer_of_parts_is_their_texts(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1"])
    parts = [
        {"type": "reasoning", "text": "SCORE: 1"}, {"type": "text", "text": "It is.\n"},
        {"type": "output_text", "text": "SCORE: 6"},
    ]  # fmt: skip
    endpoint.script = lambda *_: Reply(parts)
    assert run(root, endpoint).done == 1
    assert (folder(root) / "raw.txt").read_text() == "It is.\nSCORE: 6"
    assert endpoint.requests == 1


@pytest.mark.parametrize("number", [10**400, -1, float("nan"), "5", True, [], None])
def test_a_usage_that_makes_no_sense_costs_no_answer(
    tmp_path: Path, endpoint: Endpoint, number: Any
) -> None:
    root = cohort(tmp_path, ["e1"])
    usage = dict.fromkeys(("prompt_tokens", "completion_tokens", "cost"), number)
    endpoint.script = lambda *_: Reply(usage=usage)
    summary = run(root, endpoint)
    assert (summary.done, endpoint.requests) == (1, 1)
    assert used(usage) == Usage()


@pytest.mark.parametrize(
    "code", ["\u00b2", "9" * 5000, 10**400, "\u0664\u0662\u0669", []]
)
def test_an_error_whose_code_is_no_status_counts_as_502(code: Any) -> None:
    found = judged(body(error={"code": code, "message": "no"}))
    assert found == RefusedBody(502, "no")


# Failures that were paid for ---------------------------------------------------------

CALLS = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}]
PAID = {
    "length": (Reply(finish_reason="length"), "truncated", GOOD),
    "max_tokens": (Reply(finish_reason="max_tokens"), "truncated", GOOD),
    "cut without a text": (Reply(None, finish_reason="length"), "truncated", ""),
    "filtered": (Reply(finish_reason="content_filter"), "filtered", GOOD),
    "refused": (Reply(None, message={"refusal": "I will not"}), "refused", ""),
    "refused in a part": (
        Reply([{"type": "refusal", "refusal": "I will not"}]), "refused", "",
    ),
    "a tool": (
        Reply(None, finish_reason="tool_calls", message={"tool_calls": CALLS}),
        "no_text", "",
    ),
    "a tool and a text": (Reply(message={"tool_calls": CALLS}), "no_text", GOOD),
    "null": (Reply(None), "no_text", ""),
    "empty": (Reply(""), "no_text", ""),
    "blank": (Reply(" \n\t"), "no_text", " \n\t"),
    "reasoning": (Reply(None, message={"reasoning": "SCORE: 5"}), "no_text", ""),
    "no part is text": (Reply([{"type": "image"}]), "no_text", ""),
    "no score": (Reply("It is new."), "unparsed", "It is new."),
}  # fmt: skip


@pytest.mark.parametrize("name", PAID)
def test_a_failure_is_kept_and_never_done(
    tmp_path: Path, endpoint: Endpoint, name: str
) -> None:
    reply, failure, text = PAID[name]
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda *_: reply
    for _ in range(2):
        summary = run(root, endpoint)
        assert summary.failures == {failure: 1}
        assert (summary.done, summary.skipped) == (0, 0)
    assert endpoint.requests == 1
    assert (folder(root) / "raw.txt").read_text() == text
    assert not (folder(root) / "parsed.txt").exists()
    if failure != "unparsed":
        assert metadata(root)["failure"] == failure
        assert metadata(root)["failure_message"] in summary.failed["v_e1"]


def test_a_failure_is_not_done_whatever_the_parser(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1"])
    tables(root, evaluation_templates=["template_id,parser", "novelty,"])
    endpoint.script = lambda *_: Reply(finish_reason="length")
    assert run(root, endpoint).failures == {"truncated": 1}
    assert not (folder(root) / "parsed.txt").exists()


def test_the_words_of_a_refusal_are_told(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda *_: Reply(None, message={"refusal": "I\nwill not"})
    assert "I will not" in run(root, endpoint).failed["v_e1"]
    assert "I will not" in metadata(root)["failure_message"]


UNREADABLE = {
    "no JSON": b"<html>busy</html>",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "nothing": b"",
    "an object": b"{}",
    "no choice": body(choices=[], usage={"prompt_tokens": 1}),
    "a choice that is a text": body(choices=["x"]),
    "no message": body(choices=[{"text": GOOD}]),
    "content that is a number": body(choices=[{"message": {"content": 7}}]),
    "a part without its text": body(
        choices=[{"message": {"content": [{"type": "text"}]}}]
    ),
    "an odd finish reason": body(
        choices=[{"message": {"content": GOOD}, "finish_reason": "pause_turn"}]
    ),
    "a finish reason that is a number": body(
        choices=[{"message": {"content": GOOD}, "finish_reason": 1}]
    ),
    "nested too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_kept_as_it_came(
    tmp_path: Path, endpoint: Endpoint, name: str
) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda *_: Reply(body=UNREADABLE[name])
    for _ in range(2):
        assert run(root, endpoint).failures == {"unreadable": 1}
    assert (folder(root) / "raw_response.json").read_bytes() == UNREADABLE[name]
    assert not (folder(root) / "raw.txt").exists()
    assert endpoint.requests == 1


def test_of_a_huge_answer_a_part_is_kept(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm_module, "MOST_BYTES", 1000)
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda *_: Reply("x" * 5000)
    assert run(root, endpoint).failures == {"unreadable": 1}
    assert (folder(root) / "raw_response.json").stat().st_size == 1000


# No answers --------------------------------------------------------------------------

AGAIN = {
    "finish reason error": Reply(finish_reason="error", text="SCORE: 9"),
    "error at the choice": Reply(choice={"error": {"code": 503, "message": "down"}}),
    "error at the choice, no code": Reply(choice={"error": {"message": "down"}}),
    "error in the body": Reply(body=body(error={"message": "down"})),
    "error with a code": Reply(body=body(error={"code": "429", "message": "slow"})),
    "a cut connection": Reply(status=0),
    **{f"status {code}": Reply(status=code) for code in (408, 409, 425, 429, 500, 529)},
}


@pytest.mark.parametrize("name", AGAIN)
def test_what_is_no_answer_is_asked_for_again(
    tmp_path: Path, endpoint: Endpoint, name: str
) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda _, number: AGAIN[name] if number < 3 else Reply()
    assert run(root, endpoint).done == 1
    assert endpoint.requests == 3
    assert (folder(root) / "parsed.txt").read_text() == "7.0\n"


def test_a_slow_answer_is_asked_for_again(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1"])
    tables(root, llm_models=["id,for_evaluation,timeout_s", "sonnet-4,true,0.4"])
    slow = {1: Reply(after_s=1.0), 2: Reply(drip_s=0.05)}
    endpoint.script = lambda _, number: slow.get(number, Reply())
    assert run(root, endpoint).done == 1
    assert endpoint.requests == 3


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422])
def test_a_refused_evaluation_does_not_hold_up_the_others(
    tmp_path: Path, endpoint: Endpoint, status: int
) -> None:
    essays = [f"e{number}" for number in range(20)]
    root = cohort(tmp_path, essays)
    flagged = body(error={"message": "this text is flagged", "code": status})

    def script(prompt: str, number: int) -> Reply:
        return Reply(status=status, body=flagged) if "essay e3." in prompt else Reply()

    endpoint.script = script
    summary = run(root, endpoint)
    assert (summary.done, list(summary.failed)) == (19, ["v_e3"])
    assert f"answers {status}: this text is flagged" in summary.failed["v_e3"]
    assert endpoint.requests == 20
    assert not (folder(root, "e3") / "raw.txt").exists()


@pytest.mark.parametrize("code", [401, 402])
def test_no_access_in_a_body_stops_the_run(
    tmp_path: Path, endpoint: Endpoint, code: int
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(20)])
    endpoint.script = lambda *_: Reply(body=body(error={"code": code, "message": "no"}))
    assert f"answers {code}: no" in str(run(root, endpoint).stopped)
    assert endpoint.requests <= 2


@pytest.mark.parametrize("concurrency", [1, 4, 16])
@pytest.mark.parametrize(
    "reply", [Reply(status=400), Reply(finish_reason="length"), Reply("no number")]
)
def test_five_that_fail_alike_at_first_stop_the_run(
    tmp_path: Path, endpoint: Endpoint, reply: Reply, concurrency: int
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(30)])
    endpoint.script = lambda *_: reply
    summary = run(root, endpoint, concurrency=concurrency)
    assert "the first 5 evaluations failed for the same reason" in str(summary.stopped)
    assert endpoint.requests == 5
    assert (len(summary.failed), summary.not_started) == (5, 25)


def test_twenty_in_a_row_that_fail_alike_stop_the_run(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(60)])
    endpoint.script = lambda prompt, _: Reply(
        status=400 if "e0." not in prompt else 200
    )
    summary = run(root, endpoint, concurrency=1)
    assert "20 evaluations in a row failed for the same reason" in str(summary.stopped)
    assert (summary.done, endpoint.requests) == (1, 21)


def test_failures_of_several_kinds_stop_nothing(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(30)])
    kinds = (Reply(status=400), Reply(None), Reply(finish_reason="length"))
    endpoint.script = lambda prompt, _: kinds[endpoint.requests % 3]
    summary = run(root, endpoint, concurrency=1)
    assert (summary.stopped, len(summary.failed)) == (None, 30)


# Asking again ------------------------------------------------------------------------


def test_a_failure_is_set_aside_and_asked_for_again(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1", "e2"])
    replies = {"e1.": Reply("cut", finish_reason="length"), "e2.": Reply(None)}
    endpoint.script = lambda prompt, _: next(
        reply for essay, reply in replies.items() if essay in prompt
    )
    run(root, endpoint)
    run(root, endpoint, "unparsed,filtered")
    assert endpoint.requests == 2
    first = metadata(root)
    assert run(root, endpoint, "truncated").failures == {"truncated": 1, "no_text": 1}
    assert endpoint.requests == 3
    replies["e1."] = replies["e2."] = Reply()
    assert run(root, endpoint, "all").done == 2
    assert endpoint.requests == 5
    attempts = folder(root) / "attempts"
    assert sorted(path.name for path in attempts.iterdir()) == ["1", "2"]
    assert {path.name for path in (attempts / "1").iterdir()} == {
        "prompt.txt", "raw.txt", "raw_metadata.json"
    }  # fmt: skip
    assert (attempts / "1" / "raw.txt").read_text() == "cut"
    assert json.loads((attempts / "1" / "raw_metadata.json").read_text()) == first
    assert (folder(root) / "parsed.txt").read_text() == "7.0\n"
    assert not list(folder(root).glob(".*"))


def test_what_could_not_be_read_is_set_aside_too(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1"])
    endpoint.script = lambda _, number: Reply(body=b"{}") if number == 1 else Reply()
    run(root, endpoint)
    assert run(root, endpoint, "unreadable").done == 1
    assert (folder(root) / "attempts/1/raw_response.json").read_bytes() == b"{}"
    assert not (folder(root) / "raw_response.json").exists()


def test_a_done_evaluation_is_not_set_aside(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ["e1"])
    generation(root, "evaluation", "v_e1", raw="no number", parsed="7.0\n")
    assert run(root, endpoint, "all").skipped == 1
    assert not (folder(root) / "attempts").exists()
    assert endpoint.requests == 0


@pytest.mark.parametrize("words", ["", "truncated,cut", "429", "all,truncated"])
def test_what_cannot_be_retried_is_named(words: str) -> None:
    with pytest.raises(CohortError, match="name all, or some of truncated,filtered"):
        retried(words)
    assert retried("No-Text, truncated") == {"no_text", "truncated"}
    assert retried("all") == set(KEPT)


# Prompts -----------------------------------------------------------------------------


def test_a_corrected_template_is_what_is_sent(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1", "e2"])
    template = root / "1_raw/templates/evaluation/novelty.txt"
    endpoint.script = lambda prompt, _: Reply(status=200 if "e2." in prompt else 400)
    run(root, endpoint)
    assert (folder(root) / "prompt.txt").exists()
    template.write_text("Judge it well: {{ response }}")
    endpoint.script = lambda *_: Reply()
    summary = run(root, endpoint)
    assert endpoint.prompts[-1] == "Judge it well: The essay e1."
    assert (folder(root) / "prompt.txt").read_text() == endpoint.prompts[-1]
    sent = TEMPLATE.replace("{{ response }}", "The essay e2.")
    assert (folder(root, "e2") / "prompt.txt").read_text() == sent
    assert summary.outdated == {"novelty": 1}
    template.write_text(TEMPLATE)
    assert run(root, endpoint).outdated == {"novelty": 1}  # now it is e1


# What is sent ------------------------------------------------------------------------


def test_the_settings_of_a_model_are_sent_and_kept(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1"])
    tables(root, llm_models=[
        "id,model,for_evaluation,temperature,top_p,max_tokens,seed,reasoning_effort,"
        "extra_body",
        'sonnet-4,vendor/s,true,0.5,,300,7,low,"{""provider"": {""only"": [""x""]}}"',
    ])  # fmt: skip
    assert run(root, endpoint).done == 1
    sent = {
        "model": "vendor/s", "temperature": 0.5, "max_tokens": 300, "seed": 7,
        "reasoning_effort": "low", "provider": {"only": ["x"]},
    }  # fmt: skip
    [request] = endpoint.requested
    del request["messages"]
    assert request == sent
    assert metadata(root)["request"] == sent
    assert (metadata(root)["id"], metadata(root)["provider"]) == ("x", "vendor")
    assert metadata(root)["endpoint"] == endpoint.url


def test_scores_and_runs_have_the_same_words_for_failures() -> None:
    rows = seed("scores/score_errors")
    failures = {row["score_error"] for row in rows if row["is_failure"] == "true"}
    assert failures | {"unparsed"} == set(KEPT)


def test_whatever_a_body_holds_is_judged() -> None:
    """No shape of JSON ends in an error of the program."""
    odd: list[Any] = [None, True, 1, "x", [], {}, [None], {"type": "text"}, [[1]]]
    for one in odd:
        for two in odd:
            for shape in (
                {"choices": one, "usage": two}, {"choices": [one], "error": two},
                {"choices": [{"message": one, "finish_reason": two}]},
                {"choices": [{"message": {"content": one, "refusal": two}}]},
                {"choices": [{"message": {"content": [one], "tool_calls": two}}]},
                {"error": {"code": one, "message": two}},
            ):  # fmt: skip
                judged(json.dumps(shape).encode())
