"""The scores of evaluations, where a table of them is there.

The score table is none of the index: `7_cross_experiment/parsed_scores.csv` is read as
it is, its columns named as those of evaluations are.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from docs_index.errors import TableRefusedError
from docs_index.layout import Layout

_TEMPLATES = ("evaluation_template", "evaluation_template_id")
_MODELS = ("evaluation_model", "evaluation_model_name")
_LONGEST_FIELD = 16 * 2**20  # characters


def scores(layout: Layout) -> list[dict[str, Any]] | None:
    """Return number, mean and bounds of scores by template and model.

    None where there is no score table. A row without a number in `score` has no score.
    """
    path = layout.bad_generations.with_name("parsed_scores.csv")
    layout.refuse_link_out(path)
    if not path.is_file():
        return None
    found: dict[tuple[str | None, str | None], list[float]] = defaultdict(list)
    for row in _table(path):
        score = _number(row.get("score"))
        if score is not None:
            found[_first(row, _TEMPLATES), _first(row, _MODELS)].append(score)
    return [
        {
            "template_id": template_id,
            "model_id": model_id,
            "scores": len(values),
            "mean": fmean(values),
            "least": min(values),
            "most": max(values),
        }
        for (template_id, model_id), values in sorted(found.items(), key=repr)
    ]


def _table(path: Path) -> Iterable[Mapping[str, str | None]]:
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        try:
            yield from csv.DictReader(file)
        except csv.Error as error:
            raise TableRefusedError(f"{path} cannot be read: {error}") from error


def _first(row: Mapping[str, str | None], names: Iterable[str]) -> str | None:
    return next((value for name in names if (value := row.get(name))), None)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
