"""Judge what an endpoint gives: an answer, a failure that was paid for, or a refusal.

Owns the rules of docs/cohorts.md, section 5, "What is an answer". Reads and writes
nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docs_index.warehouse.generation_scan import CUT_REASONS

TRUNCATED, FILTERED, REFUSED = "truncated", "filtered", "refused"
NO_TEXT, UNREADABLE, UNPARSED = "no_text", "unreadable", "unparsed"
KEPT = (TRUNCATED, FILTERED, REFUSED, NO_TEXT, UNREADABLE, UNPARSED)
"""The failures whose answer was paid for and is on disk."""

_WHOLE = (None, "stop", "end_turn", "eos", "eos_token", "stop_sequence")
_TEXT_PARTS = ("text", "output_text")
_BAD_GATEWAY = 502
_STATUS = re.compile("[0-9]{3}")
_MOST = 10**12  # more tokens, or more money, of one answer is a mistake
_LONGEST_WORDS = 300  # characters of an endpoint's own words in a message


@dataclass(frozen=True)
class Usage:
    """What an answer used, as far as the endpoint says: tokens, and money."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Judged:
    """A body that was paid for.

    `failure` is None for an answer, else one of `KEPT`, with the endpoint's own words
    in `words`. `text` is None where the body could not be read. `facts` are the values
    for raw_metadata.json.
    """

    text: str | None
    failure: str | None
    words: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class RefusedBody:
    """A body that is no answer, whatever its status: it counts as `status`."""

    status: int
    words: str


def judged(body: bytes) -> Judged | RefusedBody:
    """Judge the body of an answer with status 200."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return _unreadable(f"the body is not JSON: {_shown(body)}", {})
    if not isinstance(found, dict):
        return _unreadable(f"the body is not a completion: {_shown(body)}", {})
    if found.get("error"):
        return _refused(found["error"])
    facts = {key: found.get(key) for key in ("id", "provider", "model", "usage")}
    choices = found.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return _unreadable(f"the body is not a completion: {_shown(body)}", facts)
    reason = choice.get("finish_reason")
    facts["finish_reason"] = reason
    if choice.get("error"):
        return _refused(choice["error"])
    if _word(reason) == "error":
        return RefusedBody(_BAD_GATEWAY, "the finish reason is error")
    text = _text(message.get("content"))
    if text is None:
        return _unreadable(f"the content is not text: {_shown(body)}", facts)
    failure, words = _failure(choice, message, text)
    return Judged(text, failure, words, facts)


def refusal_words(body: bytes) -> str:
    """Return what an endpoint says in the body of a refusal, in one line."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return _shown(body)
    error = found.get("error") if isinstance(found, dict) else None
    return _words(error) if error else _shown(body)


def used(usage: object) -> Usage:
    """Return what an answer used; what makes no sense counts as not said."""
    if not isinstance(usage, Mapping):
        return Usage()
    return Usage(
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        _money(usage.get("cost")),
    )


def _failure(
    choice: Mapping[str, Any], message: Mapping[str, Any], text: str
) -> tuple[str | None, str]:
    """Return the failure of a readable answer, None without one, and its words."""
    reason, refusal = choice.get("finish_reason"), _refusal(message)
    calls = message.get("tool_calls") or message.get("function_call")
    word = _word(reason)
    if refusal:
        return REFUSED, f"the model refuses: {refusal}"
    if word == "content_filter":
        return FILTERED, f"the endpoint filtered the answer: {_brief(text)}"
    if word in CUT_REASONS:
        return TRUNCATED, f"the finish reason is {word}"
    if calls:
        return NO_TEXT, f"the model calls a tool: {_words(calls)}"
    if not text.strip():
        thought = message.get("reasoning") or message.get("reasoning_content")
        said = (
            f"only reasoning, no answer: {_words(thought)}"
            if thought
            else "no text at all"
        )
        return NO_TEXT, said
    if word not in _WHOLE:
        return UNREADABLE, f"the finish reason is {_words(reason)}, which is not known"
    return None, ""


def _unreadable(words: str, facts: Mapping[str, Any]) -> Judged:
    return Judged(None, UNREADABLE, words, facts)


def _refused(error: object) -> RefusedBody:
    code = error.get("code") if isinstance(error, Mapping) else None
    if isinstance(code, str):
        code = int(code) if _STATUS.fullmatch(code) else None
    status = _count(code)
    is_status = status is not None and 400 <= status < 600
    return RefusedBody(status if status and is_status else _BAD_GATEWAY, _words(error))


def _text(content: object) -> str | None:
    """Return the text of a message, None if it is of a shape that is not known."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    texts = list(_parts(content))
    return "".join(texts) if all(isinstance(text, str) for text in texts) else None


def _parts(content: list[Any]) -> Iterator[Any]:
    for part in content:
        if isinstance(part, str):
            yield part
        elif not isinstance(part, dict):
            yield None
        elif part.get("type") in _TEXT_PARTS:
            yield part.get("text")


def _refusal(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    parts = content if isinstance(content, list) else ()
    said = [message.get("refusal")]
    said += [
        part.get("refusal") or "without words"
        for part in parts
        if isinstance(part, dict) and part.get("type") == "refusal"
    ]
    return next((_words(one) for one in said if one), "")


def _word(reason: object) -> str | None:
    if reason is None:
        return None
    return reason.casefold() if isinstance(reason, str) else "?"


def _words(found: object) -> str:
    """Return the message of an error, or all of it, in one line."""
    if isinstance(found, Mapping) and isinstance(found.get("message"), str):
        metadata = found.get("metadata")
        more = f" {json.dumps(metadata)}" if metadata else ""
        return _brief(f"{found['message']}{more}")
    return _brief(found if isinstance(found, str) else json.dumps(found))


def _shown(body: bytes) -> str:
    return _brief(body[:2000].decode(errors="replace"))


def _brief(text: str) -> str:
    return " ".join(text[:2000].split())[:_LONGEST_WORDS]


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _MOST else None


def _money(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _MOST else None
