"""Read the elements of a list in a JSON file one by one, however large the file is.

Holds a window of the file in memory: as much as the longest element needs. The list is
the file's own value, or that of a path of keys; then the rest of the object follows the
elements. Where the text stops to be JSON, what came before stays.
"""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from json import JSONDecodeError
from typing import Any, NamedTuple, Protocol

from docs_index.warehouse.histories.json_values import (
    TOO_DEEP,
    JsonReader,
    Number,
    Verdict,
    words_of,
)

_CHUNK_BYTES = 2**20
_BLANK = re.compile(r"[ \t\r\n]*")
_SHORT = 16  # no word or escape that the window's end can cut is longer


class Readable(Protocol):
    """What a file is read from."""

    def read(self, size: int, /) -> bytes:
        """Return some bytes, none at the end."""


class Part(NamedTuple):
    """An element of the list, or with `is_element` false, the rest of the object.

    `text` is as in the file; None if there is none.
    """

    is_element: bool
    text: str | None
    verdict: Verdict


class _BrokenError(ValueError):
    """The text is not JSON from here on."""


def read_parts(file: Readable, path: Sequence[str] = ()) -> Iterator[Part]:
    """Yield the elements of the list at `path`, then the rest of the object, if any.

    An empty path means the file's own list; another value is yielded as the rest. The
    last element has a fault if the file is broken after its start; the rest is then
    what was whole before.
    """
    yield from _Parts(file).parts(path)


class _Parts:
    def __init__(self, file: Readable) -> None:
        self._reader = JsonReader()
        self._file = file
        self._decoder = getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._at = 0
        self._read_chars = 0  # of the file, before the window
        self._is_end = False
        self._rest: list[str] = []
        self._open = 0
        self._fault: str | None = None  # of the rest
        self._damage: str | None = None  # of a compressed file, which ends there

    def parts(self, path: Sequence[str]) -> Iterator[Part]:
        has_rest = True
        try:
            self._more()
            if self._text.startswith("\ufeff"):
                self._at = 1
            first = self._peek()
            has_rest = first != "["
            if first == "[":
                yield from self._elements()
            elif first == "{" and path:
                yield from self._members(path)
            else:
                value, text = self._value()
                self._rest.append(text)
                self._fault = self._reader.fault(text, value)
            if self._peek() or self._damage:
                raise _BrokenError(
                    f"after its end more follows, at character {self._place()}; if it "
                    "holds one object a line, let its name end with .jsonl"
                )
        except _BrokenError as error:
            fault = self._damage or str(error)
            if has_rest and not self._rest:
                yield Part(False, None, Verdict(None, fault))
                return
            if has_rest and not path:
                yield self._whole_rest()
                has_rest = False
            yield Part(True, None, Verdict(None, fault))
        if has_rest:
            yield self._whole_rest()

    def _whole_rest(self) -> Part:
        text = "".join(self._rest) + "}" * self._open
        value, fault = self._reader.record(text)
        return Part(False, text, Verdict(value, self._fault or fault))

    def _members(self, path: Sequence[str]) -> Iterator[Part]:
        """Read an object, without the list that the path leads to."""
        self._expect("{")
        self._rest.append("{")
        self._open += 1
        keys: set[str] = set()
        comma = ""
        if self._peek() == "}":
            self._at += 1
        else:
            while True:
                key, key_text = self._value()
                if type(key) is not str:
                    raise _BrokenError(f"no key at character {self._place()}")
                self._expect(":")
                opens = self._peek()
                is_on_path = key == path[0]
                if key in keys:
                    self._fault = f"it has the key {key[:80]!r} twice"
                keys.add(key)
                if is_on_path and len(path) == 1 and opens == "[":
                    yield from self._elements()
                else:
                    if is_on_path and len(path) > 1 and opens == "{":
                        self._rest.append(f"{comma}{key_text}:")
                        yield from self._members(path[1:])
                    else:
                        value, text = self._value()
                        self._fault = self._fault or self._reader.fault(text, value)
                        self._rest.append(f"{comma}{key_text}:{text}")
                    comma = ","
                if self._next_of(",}") == "}":
                    break
        self._rest.append("}")
        self._open -= 1

    def _elements(self) -> Iterator[Part]:
        self._expect("[")
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            value, text = self._value()
            fault = self._reader.fault(text, value)
            yield Part(True, text, Verdict(value, fault))
            if self._next_of(",]") == "]":
                return

    def _value(self) -> tuple[Any, str]:
        """Return the next value and its text, reading on until it is whole."""
        self._peek()
        while True:
            size = len(self._text)
            try:
                value, end = self._reader.part(self._text, self._at)
            except JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated")
                if self._is_end or not (is_cut or error.pos > size - _SHORT):
                    error.pos += self._read_chars
                    raise _BrokenError(words_of(error)) from None
            except RecursionError:
                raise _BrokenError(TOO_DEEP) from None
            else:
                if self._damage and type(value) is Number and end == size:
                    raise _BrokenError(self._damage)  # digits may be missing
                if self._is_end or end < size - _SHORT:
                    text = self._text[self._at : end]
                    self._at = end
                    return value, text
            self._more()

    def _peek(self) -> str:
        """Return the next character that is not blank, '' at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text) or self._is_end:
                return self._text[self._at : self._at + 1]
            self._more()

    def _expect(self, wanted: str) -> None:
        self._next_of(wanted)

    def _next_of(self, wanted: str) -> str:
        found = self._peek()
        if not found or found not in wanted:
            what = f"{found!r} follows" if found else "it ends"
            raise _BrokenError(
                f"it is not JSON: {what} at character {self._place()}, where one of "
                f"{' '.join(wanted)} must be"
            )
        self._at += 1
        return found

    def _place(self) -> int:
        return self._read_chars + self._at + 1

    def _more(self) -> None:
        """Drop what was read, and read as much again as is left."""
        left = self._text[self._at :]
        self._read_chars += self._at
        try:
            data = self._file.read(max(_CHUNK_BYTES, len(left)))
        except EOFError as error:  # what came before it stays
            self._damage = str(error)
            data = b""
        self._is_end = not data
        self._text = left + self._decoder.decode(data, self._is_end)
        self._at = 0
