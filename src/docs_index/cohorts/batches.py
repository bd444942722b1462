"""Run a cohort through the endpoint's batches: send prompts, fetch the answers later.

Owns `cohorts/{cohort_id}/batches/{n}/`, which has a batch's record, the prompts as they
were sent and the results, and `batch.json` in the directory of each evaluation whose
prompt is in a batch. That file is there before anything is sent, so that nothing else
asks for the evaluation. A batch has the prompts of one model.

A killed run sends nothing twice: before a batch that may have been made is made again,
it is looked for at the endpoint by its key.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from docs_index.cohorts.answers import RefusedBody, judged, refusal_words
from docs_index.cohorts.campaign import Campaign, Evaluation
from docs_index.cohorts.endpoint import (
    LanguageModel,
    TryAgainError,
    refusal,
)
from docs_index.cohorts.generation_files import (
    BATCH,
    PROMPT,
    answer_exists,
    held,
    read_text,
    write_text,
)
from docs_index.cohorts.models import Model
from docs_index.cohorts.run import (
    End,
    Summary,
    Work,
    chosen,
    count,
    counts_for_limit,
    finish,
)
from docs_index.cohorts.spending import tokens_of
from docs_index.cohorts.steps import evaluation_parsed, keep_answer, set_aside
from docs_index.disk.directories import remove_tree
from docs_index.disk.publish import (
    make_folder,
    publish,
    refuse_full_disk,
    replacing,
)
from docs_index.errors import (
    AccessError,
    AnswerError,
    BlockedError,
    CohortError,
    StoppedError,
    first_few,
)
from docs_index.layout import Layout
from docs_index.paths import is_file, is_folder, is_there, naming
from docs_index.progress import Progress

MOST_PROMPTS, MOST_BYTES = 50_000, 100 * 2**20
"""Of one batch; endpoints take as many prompts, and about twice the bytes."""
_RECORD, _REQUESTS = "batch.json", "requests.jsonl"
_RESULTS = {"output_file_id": "results.jsonl", "error_file_id": "errors.jsonl"}
_PREPARING, _CREATING, _FETCHED = "preparing", "creating", "fetched"
_ENDED = ("completed", "expired", "cancelled", "failed")
_PATH, _WINDOW = "/v1/chat/completions", "24h"
_KEY = "docs_index_key"
_TEXTS = ("status", "endpoint", "key", "llm_model_id")  # of every record
_OK, _BAD_GATEWAY = 200, 502


@dataclass
class Batch:
    """A batch on disk: its folder, and its record."""

    folder: Path
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """Its cohort and its number."""
        return f"{self.folder.parent.parent.name}/{self.folder.name}"

    @property
    def gen_ids(self) -> list[str]:
        """The evaluations whose prompts it has."""
        return list(self.record["gen_ids"])

    @property
    def size(self) -> str:
        """How many prompts it has, and what the endpoint calls it."""
        return f"prompts: {len(self.gen_ids)}, id {self.record['batch_id']}"

    def note(self, **values: Any) -> None:
        """Write more facts to its record, durably."""
        self.record |= values
        content = json.dumps(self.record, indent=2, sort_keys=True) + "\n"
        publish(self.folder / _RECORD, content.encode())


def run_batches(
    campaign: Campaign, model: LanguageModel, *, progress: Progress, work: Work
) -> Summary:
    """Fetch the answers of a cohort's batches, then send the prompts that are due.

    The caller holds the cohort's lock.

    Raises:
        CohortError: a batch is at another endpoint, or `max_cost` cannot be held.
        AnswerError: the endpoint has no batches, or did not answer.
        OSError: something could not be stored; another run completes it.
    """
    summary = Summary(campaign.cohort_id, model.run_id)
    gen_ids = chosen(campaign, work)
    progress(0, len(gen_ids))
    fetched: set[str] = set()
    problems = []
    for batch in list(_batches(campaign)):
        if batch.record["status"] == _PREPARING:  # a killed run's; nothing was sent
            _undo(batch, campaign.layout)
            continue
        _refuse_another_endpoint(batch, model)
        _send(batch, campaign.layout, model)
        try:
            for gen_id in _fetched(batch, campaign, model, summary):
                fetched.add(gen_id)
        except (AccessError, StoppedError):
            raise
        except AnswerError as error:  # the answers of others can be fetched
            problems.append(
                f"batch {batch.name}: {error}; run again, or give it up: delete "
                f"{batch.folder}, and batch.json in its evaluations"
            )
    if problems:  # nothing is sent, as what those batches have may be lost
        model.gate.stop(first_few(problems))
    due = []
    left = work.limit or 0
    for gen_id in gen_ids:
        counts = counts_for_limit(campaign, gen_id, work)
        if gen_id in fetched:
            pass
        elif counts and not left:
            summary.over_limit += 1
        else:
            left -= counts
            evaluation = campaign.evaluation(gen_id)
            end = partial(finish, campaign, gen_id, model, work, lambda: End.DUE)
            if count(summary, evaluation, end) is End.DUE:
                due.append(evaluation)
        progress(summary.counted + len(due), len(gen_ids))
    sent = 0
    affordable = list(_affordable(campaign, model, due))
    for model_id, lines in _lines_of_batches(campaign, affordable):
        batch = _prepare(campaign, model, model_id, lines)
        _send(batch, campaign.layout, model)
        sent += len(batch.gen_ids)
        summary.batches.append(f"batch {batch.name}: sent, {batch.size}")
    if len(affordable) < len(due):
        model.gate.stop(f"the next answer may pass --max-cost {model.max_cost}")
    summary.in_batch += sent
    summary.not_started += len(due) - sent
    summary.stopped = model.gate.stopped
    summary.spent = dict(model.spending.spent)
    return summary


def _batches(campaign: Campaign) -> Iterator[Batch]:
    """Yield the batches whose answers are not fetched, in their order."""
    folder = campaign.layout.batches(campaign.cohort_id)
    names = [path.name for path in folder.iterdir()] if is_folder(folder) else []
    for name in sorted(filter(str.isdigit, names), key=int):
        path = folder / name / _RECORD
        if is_file(path):
            with naming(path):
                record = _record(path, path.read_bytes())
            if record["status"] != _FETCHED:
                yield Batch(folder / name, record)


def _record(path: Path, content: bytes) -> dict[str, Any]:
    """Return the record of a batch.

    Raises:
        CohortError: this program did not write it so.
    """
    try:
        record = json.loads(content)
    except (ValueError, RecursionError):
        record = None
    if isinstance(record, dict) and isinstance(gen_ids := record.get("gen_ids"), list):
        texts = [record.get(name) for name in _TEXTS] + gen_ids
        if all(isinstance(text, str) for text in texts):
            return record
    raise CohortError(
        f"{path} is damaged. It names a batch whose prompts are paid for: restore it, "
        f"or give the batch up: delete {path.parent}, and batch.json in "
        "its evaluations"
    )


def _refuse_another_endpoint(batch: Batch, model: LanguageModel) -> None:
    sent_to = batch.record["endpoint"]
    if sent_to.rstrip("/") != model.endpoint.base_url.rstrip("/"):
        raise CohortError(
            f"batch {batch.name} was sent to {sent_to}, but this run uses "
            f"{model.endpoint.base_url}: set OPENAI_BASE_URL to fetch its answers"
        )


# Sending -----------------------------------------------------------------------------


def _affordable(
    campaign: Campaign, model: LanguageModel, due: Iterable[Evaluation]
) -> Iterator[Evaluation]:
    """Yield evaluations until their answers may pass `max_cost`.

    An answer that failed, and is asked for again, is set aside.
    """
    left = model.max_cost
    for evaluation in due:
        if left is not None:
            left -= _may_cost(campaign, evaluation)
            if left < 0:
                return
        folder = campaign.folder(evaluation)
        refuse_full_disk(folder)
        with held(folder):
            if answer_exists(folder):
                set_aside(folder, campaign.prompt(evaluation))
        yield evaluation


def _may_cost(campaign: Campaign, evaluation: Evaluation) -> Decimal:
    """Return the most that an answer may cost.

    Raises:
        CohortError: the table of models does not say.
    """
    model = campaign.model(evaluation)
    prompt = campaign.prompt(evaluation)
    if model.max_tokens is not None and model.price_out is not None:
        cost = model.price(tokens_of(len(prompt)), model.max_tokens)
        if cost is not None:
            return cost
    raise CohortError(
        "--max-cost must know what an answer of a batch may cost: give model "
        f"{evaluation.llm_model_id} price_in, price_out and max_tokens in "
        f"{campaign.layout.models}"
    )


def _lines_of_batches(
    campaign: Campaign, due: Iterable[Evaluation]
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yield the model and the requests by gen_id of each batch that is to be sent."""
    open_batches: dict[str, dict[str, bytes]] = {}
    sizes: dict[str, int] = {}
    for evaluation in due:
        model_id, line = evaluation.llm_model_id, _request(campaign, evaluation)
        lines = open_batches.setdefault(model_id, {})
        size = sizes.get(model_id, 0) + len(line)
        if lines and (len(lines) >= MOST_PROMPTS or size > MOST_BYTES):
            yield model_id, lines
            lines, size = {}, len(line)
            open_batches[model_id] = lines
        lines[evaluation.gen_id] = line
        sizes[model_id] = size
    yield from open_batches.items()


def _request(campaign: Campaign, evaluation: Evaluation) -> bytes:
    model = campaign.model(evaluation)
    prompt = read_text(campaign.folder(evaluation), PROMPT) or ""
    messages = [{"role": "user", "content": prompt}]
    body = {"model": model.name, "messages": messages, **model.sent}
    request = {
        "custom_id": evaluation.gen_id, "method": "POST", "url": _PATH, "body": body
    }  # fmt: skip
    return json.dumps(request).encode() + b"\n"


def _prepare(
    campaign: Campaign,
    model: LanguageModel,
    model_id: str,
    lines: Mapping[str, bytes],
) -> Batch:
    """Write a batch to disk; leave out what another cohort has asked for meanwhile."""
    above = campaign.layout.batches(campaign.cohort_id)
    number = 1
    while is_there(above / str(number)):
        number += 1
    batch = Batch(above / str(number), {})
    make_folder(batch.folder)
    batch.note(
        status=_PREPARING,
        endpoint=model.endpoint.base_url,
        gen_ids=list(lines),
        key=uuid.uuid4().hex,
        llm_model_id=model_id,
        run_id=model.run_id,
    )
    mark = json.dumps({"batch": batch.name}) + "\n"
    taken = []
    for gen_id in lines:
        folder = campaign.layout.generation("evaluation", gen_id)
        with held(folder):
            if not answer_exists(folder) and not is_there(folder / BATCH):
                write_text(folder, BATCH, mark)
                taken.append(gen_id)
    publish(batch.folder / _REQUESTS, b"".join(lines[gen_id] for gen_id in taken))
    batch.note(status="prepared", gen_ids=taken)
    return batch


def _send(batch: Batch, layout: Layout, model: LanguageModel) -> None:
    """Upload a batch and have the endpoint make it, unless it was made.

    Raises:
        AnswerError: the endpoint has no batches, or it is not known what came of it.
    """
    if "batch_id" in batch.record:
        return
    found = _found(batch, model) if batch.record["status"] == _CREATING else None
    if found is None:
        try:
            if "file_id" not in batch.record:
                batch.note(file_id=_upload(batch, model))
            batch.note(status=_CREATING)
            found = _created(batch, model)
        except TryAgainError as error:
            raise AnswerError(
                f"batch {batch.name}: {error}; perhaps the endpoint has it: run again "
                "with --batch, which looks for it first",
                error.reason,
            ) from error
        except AnswerError:
            _undo(batch, layout)
            raise
    batch.note(batch_id=found.id, status=found.status)


def _upload(batch: Batch, model: LanguageModel) -> str:
    path = batch.folder / _REQUESTS

    def upload() -> Any:
        with naming(path), path.open("rb") as file:
            return model.client().files.create(
                file=(path.name, file, "application/jsonl"), purpose="batch"
            )

    return str(model.insist(lambda: _checked(upload(), "id")).id)


def _created(batch: Batch, model: LanguageModel) -> Any:
    """Have the endpoint make a batch; never ask twice without looking for it."""

    def create() -> Any:
        made = model.client().batches.create(
            input_file_id=batch.record["file_id"],
            endpoint=_PATH,
            completion_window=_WINDOW,
            metadata={_KEY: batch.record["key"], "cohort": batch.name},
        )
        return _checked(made, "id", "status")

    return model.insist(create, is_repeatable=False)


def _checked(found: Any, *names: str) -> Any:
    """Return what the endpoint says of a file or a batch.

    Raises:
        TryAgainError: it lacks a text that we need, so it is something else.
    """
    for name in names:
        if not isinstance(value := getattr(found, name, None), str) or not value:
            raise TryAgainError(f"the answer has no {name}", "unreadable")
    return found


def _found(batch: Batch, model: LanguageModel) -> Any:
    """Return the endpoint's batch that has our key, None without one."""

    def find() -> Any:
        for one in model.client().batches.list(limit=100):
            is_ours = (one.metadata or {}).get(_KEY) == batch.record["key"]
            if is_ours or one.input_file_id == batch.record["file_id"]:
                return one
        return None

    return model.insist(find)


def _undo(batch: Batch, layout: Layout) -> None:
    """Remove a batch that was not sent; a killed run's next one completes it."""
    batch.note(status=_PREPARING)
    for gen_id in batch.gen_ids:
        _unmark(batch, layout.generation("evaluation", gen_id))
    remove_tree(batch.folder)


def _unmark(batch: Batch, folder: Path) -> None:
    """Have an evaluation no longer wait for this batch."""
    if _waits_for(folder) in (batch.name, None):
        with naming(folder):
            (folder / BATCH).unlink(missing_ok=True)


def _waits_for(folder: Path) -> str | None:
    """Return the batch that an evaluation waits for, None if its file is damaged."""
    try:
        return str(json.loads(read_text(folder, BATCH) or "")["batch"])
    except (BlockedError, ValueError, RecursionError, TypeError, KeyError):
        return None


# Fetching ----------------------------------------------------------------------------


def _fetched(
    batch: Batch, campaign: Campaign, model: LanguageModel, summary: Summary
) -> Iterator[str]:
    """Take in the answers of a batch that has ended; yield its evaluations.

    Yields none while the endpoint works on it.

    Raises:
        AnswerError: its results cannot be had, or not all of them be read.
    """
    batch_id = batch.record["batch_id"]

    def retrieve() -> Any:
        return _checked(model.client().batches.retrieve(batch_id), "id", "status")

    found = model.insist(retrieve)
    if found.status not in _ENDED:
        batch.note(status=found.status)
        summary.batches.append(f"batch {batch.name}: {found.status}, {batch.size}")
        return
    waiting = set(batch.gen_ids)
    files = {name: getattr(found, key, None) for key, name in _RESULTS.items()}
    problem = "" if any(files.values()) else "it has ended without results"
    results = 0
    for name, file_id in files.items():
        if file_id:
            _download(batch.folder / name, file_id, model)
            for result in _results(batch.folder / name):
                results += 1
                if result is None:
                    problem = f"{name} has a line that is not a result"
                elif (gen_id := _custom_id(result)) in waiting:
                    waiting.remove(gen_id)
                    _count(batch, campaign, model, summary, gen_id, result)
                    yield gen_id
    if results < _promised(found):
        problem = "there are fewer results than the endpoint counts"
    if waiting and problem and (found.status == "completed" or any(files.values())):
        raise AnswerError(
            f"{problem}, and {len(waiting)} answers that may be paid for are missing",
            "no_result",
        )
    for gen_id in sorted(waiting):
        ended = {"error": {"message": f"the batch ended as {found.status}"}}
        _count(batch, campaign, model, summary, gen_id, ended)
        yield gen_id
    batch.note(status=_FETCHED, ended_as=found.status)


def _promised(found: Any) -> int:
    """Return how many results a batch has by the endpoint's word, 0 if it is silent."""
    counts = getattr(found, "request_counts", None)
    said = [getattr(counts, name, None) for name in ("completed", "failed")]
    return sum(count for count in said if isinstance(count, int))


def _download(path: Path, file_id: str, model: LanguageModel) -> None:
    def download() -> None:
        content = model.client().files.with_streaming_response.content(file_id)
        with replacing(path) as unpublished, content as response:
            response.stream_to_file(unpublished)

    model.insist(download)


def _results(path: Path) -> Iterator[dict[str, Any] | None]:
    """Yield the results in a file, None for a line that is not one."""
    with naming(path), path.open("rb") as file:
        for line in filter(bytes.strip, file):
            try:
                result = json.loads(line)
            except (ValueError, RecursionError):
                result = None
            yield result if isinstance(result, dict) else None


def _custom_id(result: Mapping[str, Any]) -> str:
    found = result.get("custom_id")
    return found if isinstance(found, str) else ""


def _count(
    batch: Batch,
    campaign: Campaign,
    model: LanguageModel,
    summary: Summary,
    gen_id: str,
    result: Mapping[str, Any],
) -> None:
    """Take in the result of an evaluation, and count how it ended."""
    model_id = batch.record["llm_model_id"]
    evaluation = campaign.evaluations.get(gen_id)
    folder = campaign.layout.generation("evaluation", gen_id)
    if not is_folder(folder):
        return

    def take() -> End:
        asked = campaign.models.get(model_id, Model(model_id))
        with held(folder):
            refused = None
            if not answer_exists(folder):
                refused = _kept(folder, model, model_id, asked, result)
            _unmark(batch, folder)
        if refused is not None:
            raise refused
        if gen_id in campaign.evaluations:  # else the cohort was built without it
            evaluation_parsed(campaign, gen_id)
        return End.DONE

    count(summary, evaluation or Evaluation(gen_id, "", "", model_id), take)


def _kept(
    folder: Path,
    model: LanguageModel,
    model_id: str,
    asked: Model,
    result: Mapping[str, Any],
) -> AnswerError | None:
    """Write the answer of a result to disk; return why not if it is no answer."""
    response = result.get("response")
    if not isinstance(response, Mapping):
        words = refusal_words(json.dumps(result).encode())
        return AnswerError(f"{folder.name}: {words}", "no_result")
    body = json.dumps(response.get("body"), ensure_ascii=False).encode(errors="replace")
    status = response.get("status_code")
    found = judged(body) if status == _OK else RefusedBody(_BAD_GATEWAY, "")
    if isinstance(found, RefusedBody):
        code = found.status
        if isinstance(status, int) and status != _OK:
            code = status
        error = refusal(code, found.words or refusal_words(body), {})
        return AnswerError(str(error), f"http_{code}")
    prompt = read_text(folder, PROMPT) or ""
    keep_answer(folder, model.kept(model_id, asked, prompt, body, found))
    return None
