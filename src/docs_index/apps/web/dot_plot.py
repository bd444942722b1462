"""Lay out a dot plot of judges' means: a line per essay, a dot per judge.

Owns the geometry, in the units of the drawing; `templates/cohort.html` draws it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MOST_LINES = 60
_TOP, _LINE = 12.0, 22.0  # of the first line, and the height of each
_LEFT, _RIGHT = 230.0, 680.0  # of the scale, at most; labels are to the left of it
_LABEL, _CHAR, _GAP = (
    28,
    7.6,
    24.0,
)  # characters of a label, their width, what is around
_DODGE, _DODGED = 4.5, 14.0  # at most, between two judges' dots and in all of a line
_TICKS = 10
_COLOURS, _SHAPES = 6, 6  # in the style sheet, and in the template


@dataclass(frozen=True)
class Judge:
    """How a judge's dots look: pairs of colour and shape differ for 36 judges."""

    name: str
    colour: int
    shape: int


@dataclass(frozen=True)
class Dot:
    """A judge's mean of an essay."""

    x: float
    y: float
    judge: Judge
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """An essay: its dots, and the position of the mean of its judges' means."""

    essay: str
    y: float
    mean_x: float
    dots: Sequence[Dot]


@dataclass(frozen=True)
class Plot:
    """A drawing. `ticks` has positions and what they say; `every` essay is drawn."""

    left: float
    right: float
    bottom: float
    ticks: Sequence[tuple[float, str]]
    judges: Sequence[Judge]
    lines: Sequence[Line]
    essays: int


def dot_plot(
    essays: Mapping[str, Mapping[str, Any]], models: Sequence[str]
) -> Plot | None:
    """Lay out the essays in their order; None if no essay has a score.

    `essays` has the mean of each essay and the rows of its judges. Of more essays than
    fit, some are drawn, in equal steps from the first to the last.
    """
    if not essays:
        return None
    all_judges = {
        name: Judge(name, place % _COLOURS, (place + place // _COLOURS) % _SHAPES)
        for place, name in enumerate(models)
    }
    means = [
        row["mean"]
        for essay in essays.values()
        for row in essay["cells"].values()
        if row["mean"] is not None
    ]
    ticks, step = _ticks(min(means), max(means))
    drawn = _some(list(essays.items()))
    longest = max(min(len(name), _LABEL) for name, _ in drawn)
    left = min(_LEFT, round(_GAP + _CHAR * longest, 1))
    judges = [
        judge for name, judge in all_judges.items()
        if any(_mean(essay, name) is not None for essay in essays.values())
    ]  # fmt: skip

    def x(value: float) -> float:
        share = (value - ticks[0]) / (ticks[-1] - ticks[0])
        return round(left + share * (_RIGHT - left), 1)

    dodge = min(_DODGE, _DODGED / max(1, len(judges) - 1))
    lines = []
    for place, (name, essay) in enumerate(drawn):
        y = _TOP + (place + 0.5) * _LINE
        dots = [
            Dot(
                x(essay["cells"][judge.name]["mean"]),
                round(y + dodge * (rank - (len(judges) - 1) / 2), 1),
                judge,
                essay["cells"][judge.name],
            )
            for rank, judge in enumerate(judges)
            if _mean(essay, judge.name) is not None
        ]
        lines.append(Line(name, y, x(essay["essay_mean"]), dots))
    return Plot(
        left=left,
        right=_RIGHT,
        bottom=_TOP + len(lines) * _LINE,
        ticks=[(x(tick), _said(tick, step)) for tick in ticks],
        judges=judges,
        lines=lines,
        essays=len(essays),
    )


def _mean(essay: Mapping[str, Any], model: str) -> float | None:
    row = essay["cells"].get(model)
    return None if row is None else row["mean"]


def _some(items: list[Any]) -> list[Any]:
    """Return at most so many as fit, in equal steps, the first and the last too."""
    if len(items) <= _MOST_LINES:
        return items
    step = (len(items) - 1) / (_MOST_LINES - 1)
    return [items[round(place * step)] for place in range(_MOST_LINES)]


def _ticks(lowest: float, highest: float) -> tuple[list[float], float]:
    """Return round numbers around the values, and the step between them."""
    span = highest - lowest or abs(highest) or 1.0
    rough = span / (_TICKS - 2)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(size * unit for size in (1, 2, 5, 10) if size * unit >= rough)
    first, last = math.floor(lowest / step), math.ceil(highest / step)
    if first == last:
        first, last = first - 1, last + 1
    return [place * step for place in range(first, last + 1)], step


def _said(tick: float, step: float) -> str:
    if not 1e-4 < step < 1e6:
        return f"{tick:.3g}"
    return f"{tick:.{max(0, -math.floor(math.log10(step)))}f}"
