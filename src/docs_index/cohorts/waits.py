"""How long an endpoint asks to wait, by the headers of its answer.

Reads and writes nothing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_DURATION = re.compile(r"(?:([0-9.]+)h)?(?:([0-9.]+)m)?(?:([0-9.]+)s)?(?:([0-9.]+)ms)?")
_EPOCH_S, _EPOCH_MS = 1e9, 1e11  # less is a number of seconds to wait
_UNITS_S = (3600.0, 60.0, 1.0, 0.001)


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that an answer asks to wait, None if it does not say.

    `headers` have names in lower case. Dates are judged by the answer's own `Date`, by
    `now` without one.
    """
    now = _date(headers.get("date", "")) or now
    for seconds in (
        _thousandth(_number(headers.get("retry-after-ms", ""))),
        _retry_after(headers.get("retry-after", ""), now),
        _reset(headers.get("x-ratelimit-reset", ""), now),
        _duration(headers.get("x-ratelimit-reset-requests", "")),
    ):
        if seconds is not None:
            return max(0.0, seconds)
    return None


def _retry_after(value: str, now: datetime) -> float | None:
    seconds = _number(value)
    return seconds if seconds is not None else _until(_date(value), now)


def _reset(value: str, now: datetime) -> float | None:
    number = _number(value)
    if number is None:
        return _duration(value)
    if number < _EPOCH_S:
        return number
    epoch = number / 1000 if number > _EPOCH_MS else number
    return epoch - now.timestamp()


def _duration(value: str) -> float | None:
    """Return the seconds of a duration such as `1s`, `6m0s` or `120ms`."""
    found = _DURATION.fullmatch(value.strip())
    try:
        parts = [float(part) for part in found.groups("0")] if found else []
    except ValueError:  # 1.2.3s
        return None
    if not value.strip() or not parts:
        return None
    return sum(part * unit for part, unit in zip(parts, _UNITS_S, strict=True))


def _number(value: str) -> float | None:
    value = value.strip()
    return float(value) if _NUMBER.fullmatch(value) else None


def _thousandth(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _until(date: datetime | None, now: datetime) -> float | None:
    return None if date is None else (date - now).total_seconds()


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)
