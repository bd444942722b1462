"""When the next request may be sent: one gate for all threads of a run.

Owns waiting, rates, and the end of a run that cannot go on. A request passes the gate
when the endpoint asks nobody to wait, its model's rate allows it, and no earlier
refusal for haste (429) is still to be tried out. Reads and writes nothing.
"""

import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from docs_index.cohorts.models import Model
from docs_index.errors import CohortError, StoppedError

FIRST = 5
"""So many evaluations are asked for before one of them has an answer."""
IN_A_ROW = 20
MAX_WAIT_S = 1800.0
_ALIKE = "failed for the same reason"
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smh])")
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0


def read_duration(text: str) -> float:
    """Return the seconds of a number with `s`, `m` or `h`.

    Raises:
        CohortError: it is not such a text.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if not found:
        raise CohortError(
            f"--max-wait {text!r} is not a duration: write a number with s, m or h, "
            "such as 30m"
        )
    return float(found[1]) * _UNITS_S[found[2]]


class Gate:
    """The gate of a run; any thread may use it.

    After a 429 one request is tried, and each answer allows one more at a time. Until
    an answer comes, at most `FIRST` evaluations are asked for.
    """

    def __init__(
        self,
        *,
        requests_per_minute: float | None = None,
        max_wait_s: float = MAX_WAIT_S,
        first_wait_s: float = _FIRST_WAIT_S,
    ) -> None:
        self.stopped: str | None = None
        """Why the run stops; None while it goes on."""
        self._rate = requests_per_minute
        self._max_wait_s = max_wait_s
        self._first_wait_s = first_wait_s
        self._changed = Condition()
        self._in_flight = 0
        self._allowed: int | None = None  # None: no 429 is to be tried out
        self._pause_until = 0.0
        self._refusals = 0  # 429 without an answer between them
        self._waiting_since: float | None = None
        self._next_at: dict[str, float] = {}
        self._begun = 0
        self._ended = 0
        self._is_proven = False
        self._last: deque[str] = deque(maxlen=IN_A_ROW)

    def stop(self, why: str) -> None:
        """End the run: requests that wait for the gate raise StoppedError."""
        with self._changed:
            self.stopped = self.stopped or why
            self._changed.notify_all()

    def begin(self) -> None:
        """Wait until one more evaluation may be asked for.

        Raises:
            StoppedError: the run stops.
        """
        with self._changed:
            while not self._is_proven and self._begun >= FIRST:
                self._wait(None)
            self._wait(0)
            self._begun += 1

    def withdraw(self) -> None:
        """Take back a `begin`: the evaluation was not asked for."""
        with self._changed:
            self._begun -= 1
            self._changed.notify_all()

    def end(self, failure: str | None) -> None:
        """Count an evaluation that was asked for; `failure` None means an answer.

        The run stops if all of the first evaluations failed for the same reason, or
        many in a row.
        """
        with self._changed:
            self._ended += 1
            if failure is None:
                self._is_proven = True
                self._last.clear()
            else:
                self._last.append(failure)
            alike = len(set(self._last)) == 1
            if alike and len(self._last) == IN_A_ROW:
                self._give_up(f"{IN_A_ROW} evaluations in a row {_ALIKE}")
            if not self._is_proven and self._ended >= FIRST:
                if alike and len(self._last) == self._ended:
                    self._give_up(f"the first {FIRST} evaluations {_ALIKE}")
                self._is_proven = True
            self._changed.notify_all()

    @contextmanager
    def passed(self, model: Model) -> Iterator[None]:
        """Wait until a request may be sent; the block sends it.

        Raises:
            StoppedError: the run stops.
        """
        with self._changed:
            while wait_s := self._wait_of(model):
                self._wait(wait_s)
            self._wait(0)
            for key, rate in self._rates(model):
                self._next_at[key] = max(time.monotonic(), self._next_at.get(key, 0))
                self._next_at[key] += 60.0 / rate
            self._in_flight += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def wait(self) -> None:
        """Wait as long as the endpoint asks everybody to wait.

        Raises:
            StoppedError: the run stops.
        """
        with self._changed:
            while (left := self._pause_until - time.monotonic()) > 0:
                self._wait(left)
            self._wait(0)

    def answered(self) -> None:
        """Count an answer: nobody needs to wait any longer than asked."""
        with self._changed:
            self._refusals, self._waiting_since = 0, None
            if self._allowed is not None:
                self._allowed += 1
            self._changed.notify_all()

    def pause(self, asked_s: float | None, *, is_busy: bool) -> None:
        """Have all requests wait as long as the endpoint asks.

        If it `is_busy` (429) and does not say how long, or says not at all, the wait
        doubles each time. A run that would wait too long without an answer stops.
        """
        with self._changed:
            now = time.monotonic()
            if is_busy:
                if now >= self._pause_until:  # one wait for all that were in flight
                    self._refusals += 1
                self._allowed = 1
                if not asked_s:
                    grown_s = self._first_wait_s * 2 ** min(self._refusals - 1, 16)
                    asked_s = min(grown_s, _LONGEST_WAIT_S)
            self._pause_until = max(self._pause_until, now + (asked_s or 0.0))
            if self._waiting_since is None:
                self._waiting_since = now
            if self._pause_until - self._waiting_since > self._max_wait_s:
                waited_s = self._pause_until - self._waiting_since
                self._give_up(
                    f"the endpoint asks to wait: {waited_s:.0f} seconds without an "
                    "answer, more than --max-wait: run again later"
                )
            self._changed.notify_all()

    def rest(self, seconds: float) -> None:
        """Wait before a retry of one request; others go on.

        Raises:
            StoppedError: the run stops.
        """
        until = time.monotonic() + seconds
        with self._changed:
            while (left := until - time.monotonic()) > 0:
                self._wait(left)

    def _wait_of(self, model: Model) -> float:
        """Return how long a request must wait; 0 if it may be sent."""
        now = time.monotonic()
        waits = [self._pause_until - now]
        waits += [self._next_at.get(key, 0) - now for key, _ in self._rates(model)]
        if self._allowed is not None and self._in_flight >= self._allowed:
            waits.append(_LONGEST_WAIT_S)  # until a request ends
        return max(0.0, *waits)

    def _rates(self, model: Model) -> list[tuple[str, float]]:
        rates = {"": self._rate, f"model {model.name}": model.requests_per_minute}
        return [(key, rate) for key, rate in rates.items() if rate]

    def _wait(self, seconds: float | None) -> None:
        if self.stopped is None and seconds != 0:
            self._changed.wait(seconds)
        if self.stopped is not None:
            raise StoppedError(f"not asked for: {self.stopped}")

    def _give_up(self, why: str) -> None:
        self.stopped = self.stopped or why
