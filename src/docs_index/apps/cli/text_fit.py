"""Texts that fit a width: cut in one line, or wrapped in several.

Owns the width of a text, in which wide East Asian characters count twice. Writes
nothing.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import partial

_MOST_COMPARED = 500  # texts of a column that are compared, to cut them apart


def width_of(text: str) -> int:
    """Return the columns that a text takes; wide East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def cut(text: str, width: int) -> str:
    """Return a text that fits a width; a longer one loses its middle."""
    if width_of(text) <= width:
        return text
    half = (width - 1) // 2
    head, tail = text[: width - 1 - half], text[len(text) - half :]
    while width_of(head) > width - 1 - half:
        head = head[:-1]
    while width_of(tail) > half:
        tail = tail[1:]
    return f"{head}…{tail}"


def cut_apart(
    texts: Sequence[str], width: int, others: Sequence[object] = ()
) -> list[str]:
    """Cut texts to a width, so that those that differ also look different.

    They lose their middle. If that makes different ones alike, the part that is kept
    is the one that tells most of them apart, the same in all. `others` has what else
    is seen of each text's row, by which it may differ from another.
    """
    seen = others or [None] * len(texts)
    different = list(dict.fromkeys(zip(texts, seen, strict=True)))[:_MOST_COMPARED]
    possible = (len(different), len({text for text, _ in different}))
    longest = max((len(text) for text, _ in different), default=0)
    best: _Way = _middle
    most = (-1, -1)
    for way in _ways(width, longest):
        shown = [(way(text, width), other) for text, other in different]
        apart = (len(set(shown)), len({text for text, _ in shown}))
        if apart > most:
            best, most = way, apart
        if apart == possible:
            break
    return [best(text, width) for text in texts]


def wrapped(text: str, width: int, *, breaks_words: bool = True) -> list[str]:
    """Return a text in lines of a width; only a word that is longer is broken."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if width_of(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while breaks_words and width_of(line) > width:
            piece = line[:width]
            while width_of(piece) > width:
                piece = piece[:-1]
            lines.append(piece)
            line = line[len(piece) :]
    return [*lines, line] if line else lines


_Way = Callable[[str, int], str]


def _middle(text: str, width: int) -> str:
    return cut(text, width)


def _ways(width: int, longest: int) -> Iterator[_Way]:
    """Yield ways of cutting: without the middle, then what is kept moves to the end."""
    yield _middle
    for start in range(1, min(longest - width + 3, _MOST_COMPARED)):
        yield partial(_window, start)


def _window(start: int, text: str, width: int) -> str:
    """Return what fits of a text from `start`, with dots for what is left out."""
    if width_of(text) <= width:
        return text
    start = min(start, len(text) - width + 1)
    piece = text[start : start + width - 1]
    if start + len(piece) < len(text):
        piece = f"{piece[:-1]}…"
    return cut(f"…{piece}", width)
