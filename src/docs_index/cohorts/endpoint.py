"""Ask a language model at an OpenAI-compatible endpoint, with interruptible retries.

The retries of the openai package are off: no signal interrupts their sleep, threads do
not share their waits, and they would buy an unusable answer again. Writes nothing.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from threading import Lock, local
from typing import Any, TypeVar
from urllib.parse import urlsplit

from docs_index.cohorts.answers import (
    TRUNCATED,
    UNREADABLE,
    Judged,
    RefusedBody,
    judged,
    refusal_words,
    used,
)
from docs_index.cohorts.gate import Gate
from docs_index.cohorts.models import TIMEOUT_S, Model
from docs_index.cohorts.spending import Purse
from docs_index.cohorts.waits import asked_wait
from docs_index.errors import AccessError, AnswerError, CohortError

T = TypeVar("T")
DEFAULT_BASE_URL = "https://openrouter.ai/api/v1"
RETRIES = 5
MOST_BYTES = 64 * 2**20
"""Of a longer answer no more is read."""
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_TRY_AGAIN = (408, 409, 425)
_BUSY = 429
_NO_ACCESS = (401, 402)
_ASKING = ("retry-after-ms", "retry-after", "date")
_HINTS = {
    403: "the key may not do this, or the endpoint refuses the text",
    404: "check the model in 1_raw/llm_models.csv, and OPENAI_BASE_URL",
}


@dataclass(frozen=True)
class Endpoint:
    """The address of the endpoint, and its key."""

    base_url: str
    api_key: str


@dataclass(frozen=True)
class Answer:
    """A model's answer, which was paid for; `metadata` is for raw_metadata.json.

    `body` is what came; it is kept where no text could be read.
    """

    judged: Judged
    body: bytes
    metadata: Mapping[str, Any]


@dataclass
class LanguageModel:
    """An endpoint that several threads ask, with one gate and one purse."""

    endpoint: Endpoint
    run_id: str
    retries: int = RETRIES
    gate: Gate = field(default_factory=Gate)
    max_cost: Decimal | None = None
    spending: Purse = field(init=False)
    first_wait_s: float = _FIRST_WAIT_S
    _lock: Lock = field(default_factory=Lock)
    _shared: Any = None
    _own: local = field(default_factory=local)

    def __post_init__(self) -> None:
        """Open the purse of the run, with `max_cost` in it."""
        self.spending = Purse(self.gate, self.max_cost)

    def ask(
        self,
        model_id: str,
        model: Model,
        prompt: str,
        *,
        before: Callable[[], None] | None = None,
    ) -> Answer:
        """Return what the model gives and is paid for.

        `before` is called once, when the first request may be sent and is paid for.
        A request that fails is retried up to `retries` times; while the endpoint is
        busy (429), as long as the gate allows.

        Raises:
            AnswerError: no request got an answer.
            AccessError: the endpoint refuses the key.
            StoppedError: the run stops.
        """
        with self.spending.reserved(model, len(prompt)):
            started = time.monotonic()
            requests, failures = 0, 0
            while True:
                requests += 1
                try:
                    with self.gate.passed(model):
                        if before and requests == 1:
                            before()
                        body, found = self._judged(model, prompt)
                    break
                except _BusyError as error:
                    self.gate.pause(error.wait_s, is_busy=True)
                except TryAgainError as error:
                    failures += 1
                    self._back_off(failures, error)
            self.gate.answered()
            answer = self.kept(model_id, model, prompt, body, found)
            duration_s = round(time.monotonic() - started, 3)
            measured = {"duration_s": duration_s, "requests": requests}
            return replace(answer, metadata={**answer.metadata, **measured})

    def kept(
        self, model_id: str, model: Model, prompt: str, body: bytes, found: Judged
    ) -> Answer:
        """Return an answer that came, whose cost is counted."""
        usage = used(found.facts.get("usage"))
        chars_out = len(found.text or "")
        cost = self.spending.pay(model_id, model, usage, len(prompt), chars_out)
        metadata = self._metadata(model, found) | {
            "cost": None if cost is None else float(cost),
            "llm_model_id": model_id,
        }
        return Answer(found, body, metadata)

    def insist(self, call: Callable[[], T], *, is_repeatable: bool = True) -> T:
        """Return what a request that costs nothing gives; retry it like a prompt.

        One that is not repeatable is retried only where it was refused (429).

        Raises:
            AnswerError: the endpoint refuses it, or no request was answered.
            TryAgainError: it is not repeatable, and may have been answered.
            StoppedError: the run stops.
        """
        failures = 0
        while True:
            self.gate.wait()
            try:
                with request_errors():
                    found = call()
                self.gate.answered()
                return found
            except _BusyError as error:
                self.gate.pause(error.wait_s, is_busy=True)
            except TryAgainError as error:
                if not is_repeatable:
                    raise
                failures += 1
                self._back_off(failures, error)

    def _metadata(self, model: Model, found: Judged) -> dict[str, Any]:
        facts = dict(found.facts)
        metadata = {
            "answered_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "endpoint": self.endpoint.base_url,
            "finish_reason": facts.get("finish_reason"),
            "id": facts.get("id"),
            "model": facts.get("model") or model.name,
            "provider": facts.get("provider"),
            "request": {"model": model.name, **model.sent},
            "run_id": self.run_id,
            "truncated": found.failure == TRUNCATED,
            "usage": facts.get("usage"),
        }
        if found.failure:
            metadata |= {"failure": found.failure, "failure_message": found.words}
        return metadata

    def _back_off(self, failures: int, error: "TryAgainError") -> None:
        """Wait before a retry, as long as the endpoint asks if it asks for a wait.

        Raises:
            AnswerError: there were enough retries.
        """
        if failures > self.retries:
            raise AnswerError(
                f"no answer after {failures} requests, the last time: {error}; run "
                "again later",
                error.reason,
            ) from error
        if error.wait_s:
            self.gate.pause(error.wait_s, is_busy=False)
            return
        wait_s = min(self.first_wait_s * 2 ** (failures - 1), _LONGEST_WAIT_S)
        self.gate.rest(wait_s * random.uniform(0.75, 1.0))

    def _judged(self, model: Model, prompt: str) -> tuple[bytes, Judged]:
        """Send one request; return the body that came, and what it is."""
        body, is_whole, headers = self._request(model, prompt)
        if not is_whole:
            words = f"the answer has more than {MOST_BYTES} bytes; the rest is not kept"
            return body, Judged(None, UNREADABLE, words, {})
        found = judged(body)
        if isinstance(found, RefusedBody):
            raise refusal(found.status, found.words, headers)
        return body, found

    def _request(
        self, model: Model, prompt: str
    ) -> tuple[bytes, bool, Mapping[str, str]]:
        """Return the body of an answer, whether it is whole, and its headers."""
        completions = self.client().chat.completions
        with (
            request_errors(),
            completions.with_streaming_response.create(
                model=model.name,
                messages=[{"role": "user", "content": prompt}],
                extra_body=dict(model.sent) or None,
                timeout=model.timeout_s,
            ) as response,
        ):
            until = time.monotonic() + model.timeout_s
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    return bytes(body[:MOST_BYTES]), False, response.headers
                if time.monotonic() > until:
                    raise TryAgainError(
                        f"no whole answer within {model.timeout_s:g} seconds", "timeout"
                    )
            return bytes(body), True, response.headers

    def client(self) -> Any:
        """Return this thread's client: a shared pool of connections takes longer."""
        import openai

        if not hasattr(self._own, "client"):
            with self._lock:
                if self._shared is None:
                    self._shared = openai.OpenAI(
                        base_url=self.endpoint.base_url,
                        api_key=self.endpoint.api_key,
                        max_retries=0,
                        http_client=_connection(),
                    )
            self._own.client = self._shared.with_options(http_client=_connection())
        return self._own.client


def _connection() -> Any:
    import openai

    return openai.DefaultHttpxClient(
        verify=_certificates(), event_hooks={"response": [_bound_refusal]}
    )


def _bound_refusal(response: Any) -> None:
    """Have the body of a refusal, which openai reads as a whole, end in time."""
    if not response.is_error:
        return
    import httpx

    timeout_s = response.request.extensions["timeout"]["read"] or TIMEOUT_S
    until, stream = time.monotonic() + timeout_s, response.stream

    class Bounded(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            size = 0
            for part in stream:
                size += len(part)
                if size > MOST_BYTES or time.monotonic() > until:
                    raise httpx.ReadTimeout("the body of a refusal does not end")
                yield part

        def close(self) -> None:
            stream.close()

    response.stream = Bounded()


@cache
def _certificates() -> Any:
    """Return the trusted certificates, which take long to load."""
    import httpx

    return httpx.create_ssl_context()


@contextmanager
def request_errors() -> Iterator[None]:
    """Turn the errors of a request into ours.

    Raises:
        AnswerError: the endpoint refuses the request.
        TryAgainError: it may fare better later.
    """
    import httpx
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        words = refusal_words(error.response.content)
        raise refusal(error.status_code, words, error.response.headers) from error
    except openai.APITimeoutError as error:
        raise TryAgainError("no answer in time", "timeout") from error
    except openai.APIConnectionError as error:
        cause = f"{error} ({error.__cause__})"
        raise TryAgainError(cause, "connection") from error
    except json.JSONDecodeError as error:
        raise TryAgainError(f"the answer is not JSON: {error}", "unreadable") from error
    except httpx.HTTPError as error:
        is_late = isinstance(error, httpx.TimeoutException)
        message = f"the connection was cut: {error!r}"
        raise TryAgainError(message, "timeout" if is_late else "connection") from error


class TryAgainError(Exception):
    """A request failed that may succeed later, after `wait_s` if that is known."""

    def __init__(self, message: str, reason: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.wait_s = wait_s


class _BusyError(TryAgainError):
    """The endpoint has too many requests (429)."""


def refusal(status: int, words: str, headers: Mapping[str, str]) -> Exception:
    """Return the error for a status, with the endpoint's own words."""
    message, reason = f"the endpoint answers {status}: {words}", f"http_{status}"
    if status in _NO_ACCESS:
        advice = "check the key, and what it may spend"
        return AccessError(f"{message}; {advice}", reason)
    if status == _BUSY or status in _TRY_AGAIN or status >= 500:
        if status == _BUSY:
            wait_s = asked_wait(headers, datetime.now(UTC))
            return _BusyError(message, reason, wait_s)
        # Of rate limits many endpoints tell with every answer.
        asked = {name: headers[name] for name in _ASKING if name in headers}
        return TryAgainError(message, reason, asked_wait(asked, datetime.now(UTC)))
    if status in _HINTS:
        message += f"; {_HINTS[status]}"
    return AnswerError(message, reason)


def opened_model(
    run_id: str, gate: Gate, *, retries: int, max_cost: float | None, is_asking: bool
) -> LanguageModel:
    """Return the language model of a run; a run that is not asking needs no key.

    Raises:
        CohortError: see `find_endpoint`.
    """
    return LanguageModel(
        find_endpoint() if is_asking else Endpoint("", ""),
        run_id,
        retries=retries,
        gate=gate,
        max_cost=None if max_cost is None else Decimal(repr(max_cost)),
    )


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
            f"the key for {endpoint.base_url} has characters that are not ASCII: copy "
            "it again"
        )
    return endpoint
