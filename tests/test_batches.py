"""Batches: prompts are sent once, whenever a run is killed, and answers come later."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from cohort_roots import cohort, tables
from endpoint import GOOD, Endpoint, Reply, command, started_endpoint
from sampling import sampled

from docs_index.cohorts import batches
from docs_index.cohorts import endpoint as llm_module
from docs_index.cohorts.batches import run_batches
from docs_index.cohorts.campaign import open_campaign
from docs_index.cohorts.endpoint import LanguageModel
from docs_index.cohorts.run import Summary, Work, retried, run_cohort
from docs_index.errors import AnswerError, CohortError
from docs_index.layout import open_cohort_layout

ESSAYS = ("e1", "e2", "e3")


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with started_endpoint() as running:
        yield running


def run(root: Path, endpoint: Endpoint, *, batch: bool = True, **work: Any) -> Summary:
    found = llm_module.Endpoint(endpoint.url, "key")
    max_cost = work.pop("max_cost", None)
    model = LanguageModel(found, "run", 2, max_cost=max_cost, first_wait_s=0.01)
    campaign = open_campaign(open_cohort_layout(root), "here")

    def progress(done: int, total: int) -> None:
        assert done <= total

    if batch:
        return run_batches(campaign, model, progress=progress, work=Work(**work))
    return run_cohort(campaign, model, concurrency=2, progress=progress)


def folder(root: Path, essay: str) -> Path:
    return root / "gens/evaluation" / f"v_{essay}"


def waiting(root: Path) -> list[str]:
    return sorted(path.parent.name for path in root.glob("gens/*/*/batch.json"))


def test_a_batch_is_sent_and_its_answers_are_fetched(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ESSAYS)
    summary = run(root, endpoint)
    assert (summary.in_batch, summary.done, summary.is_complete) == (3, 0, False)
    assert waiting(root) == ["v_e1", "v_e2", "v_e3"]
    assert not list(root.glob("gens/evaluation/*/raw.txt"))
    [file] = [
        content for content in endpoint.files.values() if b"custom_id" in content
    ][:1]
    sent = [json.loads(line) for line in file.splitlines()]
    assert [line["custom_id"] for line in sent] == ["v_e1", "v_e2", "v_e3"]
    assert {(line["method"], line["url"]) for line in sent} == {
        ("POST", "/v1/chat/completions")
    }
    assert sent[0]["body"]["messages"][0]["content"] == endpoint.prompts[0]
    summary = run(root, endpoint)
    assert (summary.done, summary.in_batch, summary.is_complete) == (3, 0, True)
    assert summary.spent["sonnet-4"].answers == 3
    assert waiting(root) == []
    assert (folder(root, "e2") / "raw.txt").read_text() == GOOD
    assert (folder(root, "e2") / "parsed.txt").read_text() == "7.0\n"
    metadata = json.loads((folder(root, "e2") / "raw_metadata.json").read_text())
    assert metadata["usage"] == {
        "prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8
    }  # fmt: skip
    assert run(root, endpoint).skipped == 3
    assert (len(endpoint.batches), endpoint.requests) == (1, 3)


def test_while_it_is_worked_on_nothing_is_sent(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ESSAYS)
    endpoint.batch_status = "in_progress"
    for _ in range(3):
        assert run(root, endpoint).in_batch == 3
    plain = run(root, endpoint, batch=False)
    assert (plain.in_batch, plain.done, plain.failed) == (3, 0, {})
    assert (len(endpoint.batches), endpoint.requests) == (1, 3)
    endpoint.batch_status = "completed"
    assert run(root, endpoint).done == 3
    assert endpoint.asked_most == 1


def test_a_template_that_changes_meanwhile_leaves_what_was_sent(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ["e1"])
    run(root, endpoint)
    template = root / "1_raw/templates/evaluation/novelty.txt"
    template.write_text("Another: {{ response }}")
    run(root, endpoint, batch=False)
    assert run(root, endpoint).done == 1
    assert (folder(root, "e1") / "prompt.txt").read_text() == endpoint.prompts[0]
    assert run(root, endpoint).outdated == {"novelty": 1}


def test_lines_are_judged_like_answers(tmp_path: Path, endpoint: Endpoint) -> None:
    essays = [f"e{number}" for number in range(6)]
    root = cohort(tmp_path, essays)
    replies = {
        "e0.": Reply(), "e1.": Reply(finish_reason="length"), "e2.": Reply(status=429),
        "e3.": Reply(status=400, body=b'{"error": {"message": "flagged"}}'),
        "e4.": Reply(body=b'{"choices": []}'),
        "e5.": Reply(body=b'{"error": {"code": 500, "message": "down"}}'),
    }  # fmt: skip
    endpoint.script = lambda prompt, number: next(
        reply for essay, reply in replies.items() if essay in prompt
    )
    assert run(root, endpoint).in_batch == 6
    summary = run(root, endpoint)
    assert summary.done == 1
    assert summary.failures == {
        "truncated": 1, "http_429": 1, "http_400": 1, "unreadable": 1, "http_500": 1
    }  # fmt: skip
    assert "flagged" in summary.failed["v_e3"]
    assert endpoint.requests == 6  # the same run asks for none of them again
    assert waiting(root) == []
    endpoint.script = lambda *_: Reply()
    assert run(root, endpoint).in_batch == 3  # what was paid for is not among them
    assert run(root, endpoint).done == 3
    assert run(root, endpoint, retry=retried("all")).in_batch == 2
    assert run(root, endpoint).done == 2
    assert endpoint.requests == 6 + 3 + 2


@pytest.mark.parametrize("status", ["expired", "failed", "cancelled"])
def test_a_batch_that_ends_without_answers_is_due_again(
    tmp_path: Path, endpoint: Endpoint, status: str
) -> None:
    root = cohort(tmp_path, ESSAYS)
    run(root, endpoint)
    endpoint.batch_status = status
    for batch in endpoint.batches.values():
        batch.pop("output_file_id")
    summary = run(root, endpoint)
    assert summary.failures == {"no_result": 3}
    assert f"the batch ended as {status}" in summary.failed["v_e1"]
    endpoint.batch_status = "completed"
    assert run(root, endpoint).in_batch == 3
    assert run(root, endpoint).done == 3


def test_a_batch_has_one_model_and_bounded_size(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_PROMPTS", 2)
    root = cohort(tmp_path, [f"e{number}" for number in range(5)])
    path = root / "cohorts/here/membership.csv"
    path.write_text(path.read_text().replace("novelty,sonnet-4", "novelty,other", 1))
    tables(root, llm_models=["id,for_evaluation", "sonnet-4,true", "other,true"])
    assert run(root, endpoint).in_batch == 5
    sizes = Counter(
        tuple({json.loads(line)["body"]["model"] for line in file.splitlines()})
        for file in endpoint.files.values()
        if b"custom_id" in file and b"messages" in file
    )
    assert sizes == {("sonnet-4",): 2, ("other",): 1}
    assert run(root, endpoint).done == 5


def test_limit_and_budget_hold_for_a_batch(tmp_path: Path, endpoint: Endpoint) -> None:
    from decimal import Decimal

    root = cohort(tmp_path, ESSAYS)
    with pytest.raises(CohortError, match="price_in, price_out and max_tokens"):
        run(root, endpoint, max_cost=Decimal(1))
    summary = run(root, endpoint, limit=1)
    assert (summary.in_batch, summary.over_limit) == (1, 2)
    assert run(root, endpoint, limit=0).done == 1
    tables(root, llm_models=[
        "id,for_evaluation,price_in,price_out,max_tokens", "sonnet-4,true,0,1000000,10"
    ])  # fmt: skip
    summary = run(root, endpoint, max_cost=Decimal(15))
    assert (summary.in_batch, summary.not_started) == (1, 1)
    assert summary.stopped == "the next answer may pass --max-cost 15"


def test_a_limited_batch_sets_aside_no_more_than_it_sends(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ESSAYS)
    endpoint.script = lambda *_: Reply(finish_reason="length")
    run(root, endpoint, batch=False)
    summary = run(root, endpoint, retry=retried("all"), limit=1)
    assert (summary.in_batch, summary.over_limit) == (1, 2)
    assert len(list(root.glob("gens/evaluation/*/raw.txt"))) == 2
    assert len(list(root.glob("gens/evaluation/*/attempts/1"))) == 1


# Kills -------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands for a kill: nothing in the program catches it."""


STEPS = (
    "note", "_upload", "_created", "write_text", "keep_answer", "_unmark", "publish",
    "_download", "evaluation_parsed",
)  # fmt: skip


@pytest.mark.parametrize(
    "step, when", sampled(product(STEPS, ("before", "after")), every=6)
)
def test_a_kill_at_any_step_sends_nothing_twice(
    tmp_path: Path,
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    when: str,
) -> None:
    root = cohort(tmp_path, ESSAYS)
    place: Any = batches.Batch if step == "note" else batches
    work: Callable[..., Any] = getattr(place, step)
    for kill_at in range(1, 40):
        calls = 0

        def dying(*args: Any, kill_at: int = kill_at, **values: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == kill_at and when == "before":
                raise Killed
            result = work(*args, **values)
            if calls == kill_at:
                raise Killed
            return result

        monkeypatch.setattr(place, step, dying)
        for path in root.glob("gens/evaluation/*/*"):
            if path.name != "metadata.json":
                path.unlink()
        asked = endpoint.requests
        try:
            run(root, endpoint)
            run(root, endpoint)
            was_killed = False
        except Killed:
            was_killed = True
        monkeypatch.setattr(place, step, work)
        for _ in range(3):
            run(root, endpoint)
        assert len(list(root.glob("gens/evaluation/*/parsed.txt"))) == 3
        assert endpoint.requests == asked + 3
        assert waiting(root) == []
        if not was_killed:
            assert kill_at > 1
            return
    pytest.fail("there were more steps than kills")


def test_a_batch_whose_answer_was_cut_off_is_looked_for(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ESSAYS)
    endpoint.batch_reply = lambda path, method: (
        Reply(status=0) if path.endswith("/batches") and method == "POST" else None
    )
    with pytest.raises(AnswerError, match="run again with --batch, which looks for it"):
        run(root, endpoint)
    assert (len(endpoint.batches), len(waiting(root))) == (1, 3)
    assert run(root, endpoint).done == 3
    assert (len(endpoint.batches), endpoint.requests) == (1, 3)


@pytest.mark.parametrize("where", ["/v1/files", "/v1/batches"])
def test_an_endpoint_without_batches_leaves_nothing_waiting(
    tmp_path: Path, endpoint: Endpoint, where: str
) -> None:
    root = cohort(tmp_path, ESSAYS)
    endpoint.batch_reply = lambda path, method: (
        Reply(status=404) if path == where and method == "POST" else None
    )
    with pytest.raises(AnswerError, match="answers 404"):
        run(root, endpoint)
    assert waiting(root) == []
    assert run(root, endpoint, batch=False).done == 3


def test_another_endpoint_is_refused(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ESSAYS)
    run(root, endpoint)
    with (
        started_endpoint() as other,
        pytest.raises(CohortError, match="set OPENAI_BASE_URL to fetch its answers"),
    ):
        run(root, other)
    assert run(root, endpoint).done == 3


def test_two_cohorts_do_not_send_one_prompt(tmp_path: Path, endpoint: Endpoint) -> None:
    root = cohort(tmp_path, ESSAYS)
    run(root, endpoint)
    mine = root / "cohorts/here"
    yours = root / "cohorts/there"
    yours.mkdir()
    text = (mine / "membership.csv").read_text().replace(",here,", ",there,")
    (yours / "membership.csv").write_text(text)
    args = ("--cohort", "there", "--batch", "--json", "--quiet")
    process = command("run_evaluations", root, endpoint, *args)
    assert process.returncode == 1
    assert json.loads(process.stdout)["in_batch"] == 3
    assert endpoint.requests == 3
    assert run(root, endpoint).done == 3


# What an endpoint may play ----------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        lambda results: b"<html>log in</html>",
        lambda results: results[: len(results) - 30],
        lambda results: b"\n".join(results.splitlines()[:2]),
        lambda results: b"",
    ],
    ids=["a page", "cut in a line", "a line too few", "nothing"],
)
def test_results_that_cannot_be_read_are_fetched_again(
    tmp_path: Path, endpoint: Endpoint, content: Callable[[bytes], bytes]
) -> None:
    """They were paid for: nothing is asked again, and what can be read is kept."""
    root = cohort(tmp_path, ESSAYS)
    run(root, endpoint)
    whole = dict(endpoint.files)
    (batch,) = endpoint.batches.values()
    batch["request_counts"] = {"total": 3, "completed": 3, "failed": 0}
    name = batch["output_file_id"]
    endpoint.files[name] = content(whole[name])
    summary = run(root, endpoint)
    assert "answers that may be paid for are missing" in (summary.stopped or "")
    assert "or give it up: delete" in (summary.stopped or "")
    assert len(waiting(root)) == 3 - summary.done
    endpoint.files[name] = whole[name]
    run(root, endpoint)
    assert len(list(root.glob("gens/evaluation/*/parsed.txt"))) == 3
    assert (endpoint.requests, waiting(root)) == (3, [])


def test_a_completed_batch_without_results_is_not_sent_again(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ESSAYS)
    run(root, endpoint)
    (batch,) = endpoint.batches.values()
    name = batch.pop("output_file_id")
    assert "it has ended without results" in (run(root, endpoint).stopped or "")
    batch["output_file_id"] = name
    assert (run(root, endpoint).done, endpoint.requests) == (3, 3)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b"null", b'{"id": null}'])
@pytest.mark.parametrize("where", ["/v1/files", "/v1/batches", "/v1/batches/batch_"])
def test_what_is_no_file_or_batch_loses_and_repeats_nothing(
    tmp_path: Path, endpoint: Endpoint, body: bytes, where: str
) -> None:
    root = cohort(tmp_path, ESSAYS)
    method = "POST" if where != "/v1/batches/batch_" else "GET"
    if method == "GET":
        run(root, endpoint)
    endpoint.batch_reply = lambda path, asked: (
        Reply(body=body) if path.rstrip("0123456789") == where and asked == method
        else None
    )  # fmt: skip
    try:
        stopped = run(root, endpoint).stopped
    except AnswerError as error:
        stopped = str(error)
    assert "is not JSON" in (stopped or "") or "has no id" in (stopped or "")
    endpoint.batch_reply = lambda path, asked: None
    for _ in range(2):
        run(root, endpoint)
    assert len(list(root.glob("gens/evaluation/*/parsed.txt"))) == 3
    assert endpoint.requests == 3


@pytest.mark.parametrize("where", ["/v1/files", "/v1/batches"])
def test_a_busy_endpoint_is_waited_for(
    tmp_path: Path, endpoint: Endpoint, where: str
) -> None:
    """Refusals for haste use up no retries, and what was refused was not made."""
    root = cohort(tmp_path, ESSAYS)
    times: list[float] = []

    def reply(path: str, method: str) -> Reply | None:
        if path != where or method != "POST":
            return None
        times.append(time.monotonic())
        busy = Reply(status=429, headers={"Retry-After-Ms": "100"})
        return busy if len(times) <= 4 else None

    endpoint.batch_reply = reply
    assert run(root, endpoint).in_batch == 3
    assert min(after - at for at, after in pairwise(times)) > 0.09
    assert (len(times), len(endpoint.batches)) == (5, 1)


def test_a_batch_that_is_gone_holds_up_no_other(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, ESSAYS)
    run(root, endpoint, gen_ids=["v_e1"])
    endpoint.batch_status = "in_progress"
    run(root, endpoint)
    endpoint.batch_status = "completed"
    gone, _ = endpoint.batches
    endpoint.batch_reply = lambda path, method: (
        Reply(status=404) if path.endswith(gone) else None
    )
    summary = run(root, endpoint)
    assert (summary.done, waiting(root)) == (2, ["v_e1"])
    assert "batch here/1: the endpoint answers 404" in (summary.stopped or "")


# Files that are not as they were left -----------------------------------------------


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", "[" * 2000, '{"status": 1}', '{"gen_ids": [1]}']
)
def test_a_damaged_record_is_named(
    tmp_path: Path, endpoint: Endpoint, content: str
) -> None:
    root = cohort(tmp_path, ESSAYS)
    run(root, endpoint)
    record = root / "cohorts/here/batches/1/batch.json"
    whole = record.read_text()
    record.write_text(content)
    with pytest.raises(CohortError, match=r"is damaged\. It names a batch"):
        run(root, endpoint)
    record.write_text(whole)
    assert (run(root, endpoint).done, endpoint.requests) == (3, 3)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "[" * 2000])
def test_a_damaged_mark_waits_for_the_batch_that_names_it(
    tmp_path: Path, endpoint: Endpoint, content: str
) -> None:
    root = cohort(tmp_path, ESSAYS)
    run(root, endpoint)
    (folder(root, "e1") / "batch.json").write_text(content)
    assert run(root, endpoint).done == 3
    assert (endpoint.requests, waiting(root)) == (3, [])


def test_a_kill_while_a_refused_batch_is_undone_sends_nothing_twice(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = cohort(tmp_path, ESSAYS)
    endpoint.batch_reply = lambda path, method: (
        Reply(status=400) if path == "/v1/batches" and method == "POST" else None
    )
    unmark = batches._unmark
    left = iter([True, False])

    def dying(*args: Any) -> None:
        if not next(left):
            raise Killed
        unmark(*args)

    monkeypatch.setattr(batches, "_unmark", dying)
    with pytest.raises(Killed):
        run(root, endpoint)
    monkeypatch.setattr(batches, "_unmark", unmark)
    endpoint.batch_reply = lambda path, method: None
    for _ in range(2):
        run(root, endpoint)
    assert len(list(root.glob("gens/evaluation/*/parsed.txt"))) == 3
    assert endpoint.requests == 3


def test_a_model_that_is_gone_blocks_its_own_evaluations(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    root = cohort(tmp_path, [f"e{number}" for number in range(8)])
    path = root / "cohorts/here/membership.csv"
    path.write_text(path.read_text().replace("sonnet-4", "gone", 6))
    summary = run(root, endpoint)
    assert (summary.in_batch, summary.failures) == (2, {"blocked": 6})
    assert (run(root, endpoint).done, endpoint.requests) == (2, 2)
    for path in root.glob("gens/evaluation/*/parsed.txt"):
        path.unlink()
    summary = run(root, endpoint, batch=False)
    assert (summary.done, summary.stopped) == (2, None)
