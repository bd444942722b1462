"""Ask a language model at an OpenAI-compatible endpoint, with interruptible retries.

The retries of the openai package are off: no signal interrupts their sleep, threads do
not share their waits, and an unusable answer is not requested again. Writes nothing.
"""

import json
import os
import random
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Event, Lock
from typing import Any
from urllib.parse import urlsplit

from docs_index.errors import AccessError, AnswerError, CohortError, StoppedError

DEFAULT_BASE_URL = "https://openrouter.ai/api/v1"
RETRIES = 5
_TIMEOUT_S = 600.0
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_LONGEST_ASKED_S = 600.0
_TRY_AGAIN = (408, 409, 425, 429)
_NO_ACCESS = (401, 402, 403)
_NOT_FOUND = 404


@dataclass(frozen=True)
class Endpoint:
    """The address of the endpoint, and its key."""

    base_url: str
    api_key: str


@dataclass(frozen=True)
class Answer:
    """A model's answer; raw_metadata.json has all fields but `text`."""

    text: str
    model: str
    duration_s: float
    finish_reason: str | None
    truncated: bool
    usage: dict[str, Any] | None
    run_id: str
    requests: int


@dataclass
class LanguageModel:
    """An endpoint that several threads ask; `stopping` ends all their waits.

    If the endpoint asks one thread to wait, all threads wait.
    """

    endpoint: Endpoint
    run_id: str
    retries: int = RETRIES
    stopping: Event = field(default_factory=Event)
    first_wait_s: float = _FIRST_WAIT_S
    _pause_until: float = 0.0
    _lock: Lock = field(default_factory=Lock)
    _client: Any = None

    def ask(self, model: str, prompt: str) -> Answer:
        """Return the model's answer; retry a failed request up to `retries` times.

        Raises:
            AnswerError: no request got an answer.
            AccessError: the endpoint refuses the key.
            StoppedError: the run was asked to stop.
        """
        started = time.monotonic()
        request = 0
        while True:
            request += 1
            self._pause()
            try:
                body = self._request(model, prompt)
                return self._answer(model, body, started, request)
            except _TryAgainError as error:
                if request > self.retries:
                    raise AnswerError(
                        f"no answer after {request} requests, the last time: {error}; "
                        "run again later"
                    ) from error
                self._back_off(request, error.wait_s)

    def _request(self, model: str, prompt: str) -> Any:
        import openai

        try:
            response = self._opened().chat.completions.with_raw_response.create(
                model=model, messages=[{"role": "user", "content": prompt}]
            )
        except openai.APIStatusError as error:
            raise _refusal(error.status_code, error.response) from error
        except openai.APIConnectionError as error:
            raise _TryAgainError(f"{error} ({error.__cause__})") from error
        try:
            return json.loads(response.http_response.content)
        except (ValueError, RecursionError) as error:
            raise _TryAgainError(f"the answer is not JSON: {error}") from error

    def _opened(self) -> Any:
        import openai

        with self._lock:
            if self._client is None:
                self._client = openai.OpenAI(
                    base_url=self.endpoint.base_url,
                    api_key=self.endpoint.api_key,
                    max_retries=0,
                    timeout=_TIMEOUT_S,
                )
        return self._client

    def _answer(self, model: str, body: Any, started: float, requests: int) -> Answer:
        try:
            choice = body["choices"][0]
            text = choice["message"]["content"] or ""
            finish_reason = choice.get("finish_reason")
            answered_by = body.get("model") or model
        except (AttributeError, LookupError, TypeError) as error:
            shown = json.dumps(body)[:200]
            raise _TryAgainError(f"the answer is not a completion: {shown}") from error
        if not isinstance(text, str):
            raise _TryAgainError("the answer's content is not text")
        usage = body.get("usage")
        return Answer(
            text=text,
            model=str(answered_by),
            duration_s=round(time.monotonic() - started, 3),
            finish_reason=finish_reason,
            truncated=finish_reason == "length",
            usage=usage if isinstance(usage, dict) else None,
            run_id=self.run_id,
            requests=requests,
        )

    def _back_off(self, request: int, asked_s: float | None) -> None:
        """Wait before the next request, at least as long as the endpoint asks."""
        if asked_s is not None and asked_s > _LONGEST_ASKED_S:
            raise AnswerError(
                f"the endpoint asks to wait {asked_s:.0f} seconds: run again then"
            )
        if asked_s is None:
            wait_s = min(self.first_wait_s * 2 ** (request - 1), _LONGEST_WAIT_S)
            self._wait(wait_s * random.uniform(0.75, 1.0))
        else:
            self._pause_until = max(self._pause_until, time.monotonic() + asked_s)

    def _pause(self) -> None:
        while (left := self._pause_until - time.monotonic()) > 0:
            self._wait(left)
        self._wait(0)

    def _wait(self, seconds: float) -> None:
        if self.stopping.wait(seconds):
            raise StoppedError("stopped before an answer came: run again")


class _TryAgainError(Exception):
    """A request failed that may succeed later, after `wait_s` if that is known."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


def _refusal(status: int, response: Any) -> Exception:
    words = " ".join(response.text[:2000].split())  # often a page of HTML
    message = f"the endpoint answers {status}: {words[:200]}"
    if status in _NO_ACCESS:
        return AccessError(f"{message}; check the key, and what it may spend")
    if status in _TRY_AGAIN or status >= 500:
        return _TryAgainError(message, _asked_wait(response.headers))
    if status == _NOT_FOUND:
        message += "; check the model in 1_raw/llm_models.csv, and OPENAI_BASE_URL"
    return AnswerError(message)


def _asked_wait(headers: Any) -> float | None:
    """Return the seconds to wait by the header Retry-After, a number or a date."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return max(0.0, float(value))
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits
        return None
    left: timedelta = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    return max(0.0, left.total_seconds())


def find_endpoint() -> Endpoint:
    """Return the endpoint that the environment names, else OpenRouter.

    Raises:
        CohortError: its key or the package openai is missing, or its address or key
            cannot be used in a request.
    """
    try:
        import openai  # noqa: F401
    except ModuleNotFoundError as error:
        raise CohortError(
            "asking a model needs the package openai: pip install -e '.[evaluate]'"
        ) from error
    base_url = os.environ.get("OPENAI_BASE_URL", "").strip()
    openrouter_key = os.environ.get("OPENROUTER_API_KEY", "").strip()
    if base_url:
        key = os.environ.get("OPENAI_API_KEY", "").strip() or openrouter_key
        return _usable(Endpoint(base_url, key or "none"))
    if not openrouter_key:
        raise CohortError(
            f"there is no key for {DEFAULT_BASE_URL}: set OPENROUTER_API_KEY, or "
            "OPENAI_BASE_URL and OPENAI_API_KEY for another endpoint"
        )
    return _usable(Endpoint(DEFAULT_BASE_URL, openrouter_key))


def _usable(endpoint: Endpoint) -> Endpoint:
    try:
        url = urlsplit(endpoint.base_url)
        is_url = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:  # of the port
        is_url = False
    if not is_url or not endpoint.base_url.isascii():
        raise CohortError(
            f"OPENAI_BASE_URL is {endpoint.base_url!r}: it must be like "
            f"{DEFAULT_BASE_URL}"
        )
    if not (endpoint.api_key.isascii() and endpoint.api_key.isprintable()):
        raise CohortError(
            f"the key for {endpoint.base_url} has what is not ASCII: copy it again"
        )
    return endpoint
