"""The three steps of an evaluation: render a prompt, ask a model, parse the answer.

A step whose evaluation is done writes nothing and asks for nothing. A prompt is
rendered again until there is an answer; an answer that is on disk is never bought
again. Each step returns the text of its file, an empty text if the evaluation lacks the
file.
"""

import json
import logging
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from docs_index.cohorts.answers import KEPT, TRUNCATED, UNPARSED, UNREADABLE
from docs_index.cohorts.campaign import Campaign, Evaluation
from docs_index.cohorts.endpoint import Answer, LanguageModel
from docs_index.cohorts.generation_files import (
    ATTEMPTS,
    BATCH,
    PARSED,
    PARSED_METADATA,
    PROMPT,
    RAW,
    RAW_METADATA,
    RAW_RESPONSE,
    answer_exists,
    held,
    parsed_exists,
    read_bytes,
    read_text,
    write_text,
)
from docs_index.disk.directories import publish_directory
from docs_index.disk.publish import TakenError, publish, refuse_full_disk, sync
from docs_index.errors import BlockedError, InBatchError, UnusableAnswerError
from docs_index.paths import is_folder, is_there, naming
from docs_index.warehouse.generation_scan import CUT_REASONS

logger = logging.getLogger(__name__)

_LAST_LINES = 3
_SHOWN_CHARS = 300
_UNPUBLISHED = ".unpublished"


def evaluation_prompt(campaign: Campaign, gen_id: str) -> str:
    """Render an evaluation's template with its essay, and return the prompt.

    Where there is an answer, or a batch has the prompt, it is what was sent and stays.

    Raises:
        BlockedError: the essay's text, the template or its parser is missing or cannot
            be used.
    """
    evaluation = campaign.evaluation(gen_id)
    folder = campaign.folder(evaluation)
    found = _skipped(folder, PROMPT)
    if found is not None:
        return found
    _check_folder(folder)
    with held(folder):
        if answer_exists(folder) or is_there(folder / BATCH):
            return read_text(folder, PROMPT) or ""
        campaign.parser(evaluation)  # no answer is bought that nothing can parse
        text = campaign.prompt(evaluation)
        write_text(folder, PROMPT, text)
        return text


def evaluation_raw(
    campaign: Campaign,
    gen_id: str,
    model: LanguageModel,
    retry: Collection[str] = (),
) -> str:
    """Ask the language model for an evaluation, and return its answer.

    The answer is on disk when this returns. If several run at once, one buys it, and
    the others wait for it. An answer whose failure is in `retry` is set aside, and
    asked for again.

    Raises:
        BlockedError: the prompt is missing, or the template's parser is not known.
        UnusableAnswerError: what came is kept, and has no text that can be read.
        InBatchError: a batch has the prompt.
        AnswerError: the endpoint gave no answer.
    """
    evaluation = campaign.evaluation(gen_id)
    folder = campaign.folder(evaluation)
    found = _skipped(folder, RAW)
    if found is None and not retry:
        found = read_text(folder, RAW)
    if found is not None:
        return found
    _check_folder(folder)
    with held(folder):
        has_answer = answer_exists(folder)
        if not has_answer or failure_on_disk(campaign, evaluation) in retry:
            _buy(campaign, evaluation, model, is_again=has_answer)
        found = read_text(folder, RAW)
    if found is None:
        raise failure_of(evaluation.gen_id, folder)
    return found


def evaluation_parsed(campaign: Campaign, gen_id: str) -> str:
    """Run the template's parser on an evaluation's answer, and return the result.

    Raises:
        BlockedError: the answer is missing.
        UnusableAnswerError: the answer is a failure, or the parser failed on it.
    """
    evaluation = campaign.evaluation(gen_id)
    folder = campaign.folder(evaluation)
    found = _skipped(folder, PARSED)
    if found is not None:
        return found
    answer = read_text(folder, RAW)
    if answer is None and not answer_exists(folder):
        raise BlockedError(f"{gen_id} has no {RAW} yet: run evaluation_raw first")
    text = parsed_answer(campaign, evaluation, answer)
    metadata = {
        "parser": campaign.parser(evaluation),
        "raw_chars": len(answer or ""),
        "parsed_chars": len(text),
    }
    with held(folder):
        write_text(folder, PARSED_METADATA, _json(metadata))
        write_text(folder, PARSED, text)
    return text


def parsed_answer(
    campaign: Campaign, evaluation: Evaluation, answer: str | None
) -> str:
    """Return the parsed text of an answer, by the template's parser; write nothing.

    `answer` is the text of raw.txt, None without one.

    Raises:
        UnusableAnswerError: the answer is a failure, or the parser failed on it.
        BlockedError: the template or its parser is no longer known.
    """
    folder = campaign.folder(evaluation)
    metadata = raw_metadata(folder)
    if answer is None or kept_failure(metadata):
        raise failure_of(evaluation.gen_id, folder)
    parser = campaign.parser(evaluation)
    text = campaign.parsing.parse(parser, answer)
    if text is None:
        lines = [line.strip() for line in answer.splitlines() if line.strip()]
        shown = " / ".join(lines[-_LAST_LINES:])[-_SHOWN_CHARS:]
        raise UnusableAnswerError(
            f"{evaluation.gen_id}: parser {parser} finds no result in the answer, "
            f"which ends {shown!r}",
            UNPARSED,
        )
    return text


def failure_of(gen_id: str, folder: Path) -> UnusableAnswerError:
    """Return the error of an answer that was kept and cannot be used."""
    metadata = raw_metadata(folder)
    failure = kept_failure(metadata) or UNREADABLE
    words = metadata.get("failure_message") or "the model stopped at its length limit"
    shown = failure.replace("_", " ")
    return UnusableAnswerError(
        f"{gen_id}: the answer is kept, and failed ({shown}): {words}", failure
    )


def kept_failure(metadata: Mapping[str, Any]) -> str | None:
    """Return which failure an answer on disk is by its raw_metadata.json, if it is."""
    failure = metadata.get("failure")
    if failure:
        return str(failure) if failure in KEPT else UNREADABLE
    is_cut = metadata.get("finish_reason") in CUT_REASONS or metadata.get("truncated")
    return TRUNCATED if is_cut else None


def raw_metadata(folder: Path) -> dict[str, Any]:
    """Return what raw_metadata.json holds, nothing if it cannot be used."""
    try:
        metadata = json.loads(read_text(folder, RAW_METADATA) or "{}")
    except (ValueError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def prompts_of(
    campaign: Campaign, evaluation: Evaluation
) -> tuple[str | None, str | None]:
    """Return the prompt that was sent, and the one that would be sent now.

    Either is None where it is not known. Where they differ, the answer was made from an
    earlier text of its template or essay.
    """
    try:
        sent = read_text(campaign.folder(evaluation), PROMPT)
    except BlockedError:
        sent = None
    try:
        return sent, campaign.prompt(evaluation)
    except BlockedError:
        return sent, None


def is_outdated(campaign: Campaign, evaluation: Evaluation) -> bool:
    """Tell whether an answer was made from an earlier text of its template or essay."""
    return differ(*prompts_of(campaign, evaluation))


def differ(sent: str | None, now: str | None) -> bool:
    """Tell whether both prompts are known, and are not the same."""
    return None not in (sent, now) and sent != now


def failure_on_disk(campaign: Campaign, evaluation: Evaluation) -> str | None:
    """Return the failure of an answer on disk, None for one that can be used."""
    folder = campaign.folder(evaluation)
    if parsed_exists(folder) or not answer_exists(folder):
        return None
    try:
        parsed_answer(campaign, evaluation, read_text(folder, RAW))
    except UnusableAnswerError as error:
        return error.reason
    return None


def set_aside(folder: Path, prompt: str) -> None:
    """Move an answer to `attempts/`, and write the prompt that is sent in its place.

    The caller holds the directory. A kill at any moment loses nothing: the copy is
    complete before anything is removed.
    """
    names = (RAW, RAW_RESPONSE, RAW_METADATA, PROMPT)
    read = {name: read_bytes(folder, name) for name in names}
    found = {name: content for name, content in read.items() if content is not None}
    _publish_attempt(folder, found)
    with naming(folder):
        for name in found:  # the answer is the first
            (folder / name).unlink()
    sync(folder)
    write_text(folder, PROMPT, prompt)


def _publish_attempt(folder: Path, contents: Mapping[str, bytes]) -> None:
    number = 1
    while is_there(folder / ATTEMPTS / str(number + 1)):
        number += 1
    try:  # the last one has it already if a run was killed here
        publish_directory(
            folder / ATTEMPTS / str(number), contents, folder / _UNPUBLISHED
        )
    except TakenError:
        publish_directory(
            folder / ATTEMPTS / str(number + 1), contents, folder / _UNPUBLISHED
        )


def _skipped(folder: Path, name: str) -> str | None:
    """Return a file's text if the evaluation is done, else None."""
    if not parsed_exists(folder):
        return None
    logger.info("Skipping %s: parsed.txt already exists", folder.name)
    return read_text(folder, name) or ""


def _check_folder(folder: Path) -> None:
    if not is_folder(folder):
        raise BlockedError(f"{folder} is missing: build the cohort again")


def _buy(
    campaign: Campaign, evaluation: Evaluation, model: LanguageModel, *, is_again: bool
) -> None:
    """Buy an answer and write it to disk.

    One that `is_again` bought is set aside when the request may be sent, not before.
    """
    folder = campaign.folder(evaluation)
    if is_there(folder / BATCH):
        raise InBatchError(
            f"{evaluation.gen_id} waits for a batch: run with --batch to fetch it"
        )
    campaign.parser(evaluation)
    asked = campaign.model(evaluation)
    prompt = campaign.prompt(evaluation) if is_again else read_text(folder, PROMPT)
    if prompt is None:
        raise BlockedError(
            f"{evaluation.gen_id} has no {PROMPT} yet: run evaluation_prompt first"
        )
    refuse_full_disk(folder)
    renew = partial(set_aside, folder, prompt) if is_again else None
    answer = model.ask(evaluation.llm_model_id, asked, prompt, before=renew)
    keep_answer(folder, answer)


def keep_answer(folder: Path, answer: Answer) -> None:
    """Write an answer to disk, after its raw_metadata.json."""
    write_text(folder, RAW_METADATA, _json(answer.metadata))
    if answer.judged.failure == UNREADABLE:
        publish(folder / RAW_RESPONSE, answer.body)
    else:
        write_text(folder, RAW, answer.judged.text or "")


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
