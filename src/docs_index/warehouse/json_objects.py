"""Find the last JSON object in a text: what SQL has no words for.

An object may be fenced or bare, with prose around it. Found objects are those that
reading from the left takes: at each `{` that opens a JSON object (RFC 8259, strictly),
all of it is taken; at any other, reading goes on behind the `{`. The time is in
proportion to the text, whatever is in it, and no nesting is too deep. Reads and writes
no data.
"""

import re
from array import array

_BLANK = rb"[ \t\r\n]*+"
_STRING = rb'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+"'
_KEY = _STRING + _BLANK + rb":" + _BLANK
_NUMBER = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"
_EMPTY = rb"\{" + _BLANK + rb"\}|\[" + _BLANK + rb"\]"

_CANDIDATE = re.compile(rb"\{" + _BLANK + rb"(?:\}|" + _KEY + rb")")
_VALUE = re.compile(
    rb"(?P<whole>" + _EMPTY + rb"|true|false|null|" + _STRING + rb"|" + _NUMBER + rb")"
    rb"|(?P<object>\{" + _BLANK + _KEY + rb")"
    rb"|(?P<list>\[" + _BLANK + rb")"
)
_IN_OBJECT = re.compile(_BLANK + rb"(?:(?P<next>," + _BLANK + _KEY + rb")|(?P<end>\}))")
_IN_LIST = re.compile(_BLANK + rb"(?:(?P<next>," + _BLANK + rb")|(?P<end>\]))")
_LIST = -1  # on the stack; an object stands there as its place in the text

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89ABab][0-9A-Fa-f]{2}\\u[dD][C-Fc-f][0-9A-Fa-f]{2}"
    rb"|(?P<lone>u[dD][89A-Fa-f][0-9A-Fa-f]{2})|.)"
)


def last_object(text: bytes) -> bytes | None:
    """Return the last JSON object of a text in UTF-8, None without one.

    Half of a surrogate pair, which no text can hold, becomes U+FFFD in it.
    """
    # Where an object begins but does not end. Each is tried once, so that a million
    # objects in one another, none of which ends, are read once and not a million times.
    failed = bytearray(len(text))
    found = None
    at = 0
    while candidate := _CANDIDATE.search(text, at):
        start = candidate.start()
        end = None if failed[start] else _end_of_object(text, start, failed)
        if end is not None:
            found = slice(start, end)
        at = start + 1 if end is None else end
    return None if found is None else _ESCAPE.sub(_paired, text[found])


def _end_of_object(text: bytes, start: int, failed: bytearray) -> int | None:
    """Return where the object that begins at `start` ends.

    None if it does not: all objects that are open where the text stops to be JSON are
    then noted in `failed`.
    """
    opened = array("q")
    at = start
    while value := _VALUE.match(text, at):
        at = value.end()
        if value.lastgroup == "object":
            if failed[value.start()]:
                break
            opened.append(value.start())
            continue
        if value.lastgroup == "list":
            opened.append(_LIST)
            continue
        while opened:
            inside = _IN_LIST if opened[-1] == _LIST else _IN_OBJECT
            step = inside.match(text, at)
            if step is None or step.lastgroup == "next":
                break
            opened.pop()
            at = step.end()
        else:
            return at
        if step is None:
            break
        at = step.end()
    for each in opened:
        if each != _LIST:
            failed[each] = True
    return None


def _paired(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape["lone"] is not None else escape[0]
