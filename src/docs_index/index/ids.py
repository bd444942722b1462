"""Keys and instants for programs without DuckDB: docs/rules.md, sections 2 and 8.

The build computes them in SQL (macros/identity, macros/duckdb/instant.sql). The tests
compare both with seeds/golden_keys.csv.
"""

import re
from datetime import datetime, timedelta
from hashlib import sha256

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_WIDTH = 16
_FRACTION = r"(?:[.,]([0-9]{1,9}))?"
_ZONE = r"(?: ?(?:[Zz]|UTC|GMT|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?))?"
_EXTENDED = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    rf"(?:[Tt ]([0-9]{{2}}):([0-9]{{2}})(?::([0-9]{{2}}){_FRACTION})?)?{_ZONE}"
)
_BASIC = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})"
    rf"T([0-9]{{2}})([0-9]{{2}})(?:([0-9]{{2}}){_FRACTION})?{_ZONE}"
)


def key(*parts: str) -> str:
    """Return H(parts): 16 characters `0-9a-z`."""
    digest = sha256("".join(f"{part}|" for part in parts).encode()).digest()
    number, digits = int.from_bytes(digest[:12], "big"), ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits.rjust(_WIDTH, "0")[:_WIDTH]


def logical_key_id(stage: str, base: str, template_id: str, model_id: str) -> str:
    """Return the key of what was asked for: a task that ran again has the same.

    `base` is the combo_id of a draft, and the parent's doc_id for the other stages.
    """
    return key(stage, base, template_id, model_id)


def instant_text(timestamp: str) -> str | None:
    """Return a timestamp in UTC, in the form of `created_at`; None if it is invalid."""
    found = _EXTENDED.fullmatch(timestamp) or _BASIC.fullmatch(timestamp)
    if not found:
        return None
    *clock, fraction, sign, hours, minutes = found.groups(default="")
    year, month, day, hour, minute, second = (int(part or 0) for part in clock)
    micros = int(f"{fraction[:6]:0<6}")
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        local = datetime(year, month, day, hour, minute, second, micros)
        instant = local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):  # no such day or time, or year in UTC
        return None
    return f"{instant.isoformat(timespec='microseconds')}Z"
