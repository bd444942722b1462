"""Read the scores of evaluations, if the data root has a score table.

The table is not in the index: `7_cross_experiment/parsed_scores.csv` is read each time.
Its columns have the names of those of evaluations, and its values are trimmed alike.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from docs_index.errors import TableRefusedError
from docs_index.layout import Layout
from docs_index.paths import is_file, naming

_TEMPLATES = ("evaluation_template", "evaluation_template_id")
_MODELS = ("evaluation_model", "evaluation_model_name")
_BLANKS = " \t\r\n"
_LONGEST_FIELD = 16 * 2**20  # characters


def scores(layout: Layout) -> list[dict[str, Any]] | None:
    """Return number, mean and bounds of scores by template and model.

    Returns None without a score table. A row without a number in `score` has no score.

    Raises:
        TableRefusedError: a row has more or fewer fields than the header.
    """
    path = layout.parsed_scores
    layout.refuse_link_out(path)
    if not is_file(path):
        return None
    found: dict[tuple[str | None, str | None], list[float]] = defaultdict(list)
    for row in _table(path):
        score = _number(row.get("score", ""))
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


def _table(path: Path) -> Iterator[Mapping[str, str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    with (
        naming(path),
        path.open(newline="", encoding="utf-8-sig", errors="replace") as file,
    ):
        reader = csv.DictReader(file)
        try:
            for row in reader:
                if None in row or None in row.values():
                    raise TableRefusedError(
                        f"{path} is refused: line {reader.line_num} has not the fields "
                        "of the header; mend the file or export it again"
                    )
                yield {name: value.strip(_BLANKS) for name, value in row.items()}
        except csv.Error as error:
            raise TableRefusedError(f"{path} cannot be read: {error}") from error


def _first(row: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((value for name in names if (value := row.get(name))), None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
