"""JSON values whose numbers keep their text, and their compact text.

Owns what makes a JSON text no record: bytes that are not UTF-8, a text that is not
JSON, half of a surrogate pair, a doubled key, and what is no object. Reads no files.
"""

import re
from json import JSONDecodeError, JSONDecoder
from json.encoder import encode_basestring
from typing import Any, NamedTuple

_HALF_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
BLANKS = " \t\r\n"
TOO_DEEP = "it is nested too deeply"
_MOST_LEVELS = 200  # what writes JSON calls itself, and so does what reads it


class Number(str):
    """A number, as it is written: 0.10 is not 0.1, and no number is too large."""

    __slots__ = ()


class Verdict(NamedTuple):
    """The value of a text, or why the text is no record."""

    value: Any
    fault: str | None = None


class JsonReader:
    """Reads JSON texts; `doubled` is a key that the last one had twice."""

    def __init__(self) -> None:
        self.doubled: str | None = None
        decoder = JSONDecoder(
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number,
            object_pairs_hook=self._object,
        )
        self._raw_decode = decoder.raw_decode

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            self.doubled = next(key for key in keys if keys.count(key) > 1)
        return found

    def part(self, text: str, start: int) -> tuple[Any, int]:
        """Return the value that begins at a place of a text, and where it ends.

        Raises:
            JSONDecodeError: there is no whole value.
            RecursionError: it is nested too deeply.
        """
        self.doubled = None
        return self._raw_decode(text, start)

    def value(self, text: str) -> Verdict:
        """Return the value of a whole text."""
        self.doubled = None
        text = text.strip(BLANKS)
        try:
            value, end = self._raw_decode(text)
            if end != len(text):
                raise JSONDecodeError("More follows the value", text, end)
        except JSONDecodeError as error:
            return Verdict(None, words_of(error))
        except RecursionError:
            return Verdict(None, TOO_DEEP)
        return Verdict(value, self.fault(text, value))

    def record(self, text: str) -> Verdict:
        """Return the object of a whole text; another value is no record."""
        value, fault = self.value(text)
        return Verdict(value, fault or no_record(value))

    def fault(self, text: str, value: Any) -> str | None:
        """Return what is wrong with the value that was just read from a text."""
        if self.doubled is not None:
            key = self.doubled[:80]
            return f"it has the key {key!r} twice: which one counts cannot be known"
        if text.count("[") + text.count("{") > _MOST_LEVELS and _is_deep(value):
            return TOO_DEEP
        if not text.isascii() and not is_unicode(text):
            return "it is not UTF-8"
        if not _HALF_ESCAPED.search(text):
            return None
        try:
            is_whole = is_unicode(compact(value))
        except RecursionError:
            return TOO_DEEP
        half = "it holds half of a surrogate pair, as of an emoji that was cut"
        return None if is_whole else half


def _is_deep(value: Any) -> bool:
    """Tell whether a value has more than so many lists and objects in one another."""
    level = [value]
    for _ in range(_MOST_LEVELS):
        level = [
            inner
            for around in level
            if type(around) in (dict, list)
            for inner in (around.values() if type(around) is dict else around)
        ]
    return any(type(inner) in (dict, list) for inner in level)


def no_record(value: Any) -> str | None:
    """Return why a value is no record, None for an object."""
    return None if isinstance(value, dict) else "it is no object"


def words_of(error: JSONDecodeError) -> str:
    """Return in words why a text is not JSON."""
    what = error.msg[:1].lower() + error.msg[1:].removesuffix(" starting at")
    return f"it is not JSON: {what} at character {error.pos + 1}"


def is_unicode(text: str) -> bool:
    """Tell whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def compact(value: Any, *, is_strict: bool = False) -> str:
    """Return a value as JSON without blanks, with its numbers as they were written.

    With `is_strict`, NaN and the infinities, which JSON does not have, become texts.

    Raises:
        RecursionError: it is nested too deeply.
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        members = (
            f"{encode_basestring(key)}:{compact(each, is_strict=is_strict)}"
            for key, each in value.items()
        )
        return f"{{{','.join(members)}}}"
    if kind is list:
        return f"[{','.join(compact(each, is_strict=is_strict) for each in value)}]"
    if kind is Number:
        return f'"{value}"' if is_strict and value in _NO_NUMBERS else str(value)
    return "null" if value is None else "true" if value else "false"


def text_of(value: Any) -> str | None:
    """Return a value as text: a text or number as it is, a list or object as JSON."""
    kind = type(value)
    if kind is str or value is None:
        return value  # type: ignore[no-any-return]
    return str(value) if kind is Number else compact(value)
