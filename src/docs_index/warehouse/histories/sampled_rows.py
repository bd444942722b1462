"""What the first rows of a file have in their columns: ids, texts, scores, times.

Owns what a value looks like; what a column is for is guessed by `guessing`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from docs_index.warehouse.histories.json_values import Number, text_of

_FORMS = (
    "%Y-%m-%d %H:%M:%S %Z", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y%m%d_%H%M%S",
)  # fmt: skip
_REFERENCE = re.compile(r"[A-Za-z]{1,12}[-_:]?\d{1,12}|[A-Za-z0-9_-]{16,}")
SHORT = 40  # characters of an id, or of the words of a score
_DEEP = 2  # keys above the last one of a path


@dataclass
class SampledRows:
    """Rows that differ, and the values of each column or path in them."""

    rows: list[Any]
    values: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Drop rows that repeat another, and note the values of the others."""
        self.rows = list({repr(row): row for row in self.rows}.values())
        for row in self.rows:
            if isinstance(row, dict):
                self._note(row, "")

    def _note(self, row: Mapping[str, Any], above: str) -> None:
        for key, value in row.items():
            if isinstance(value, dict) and above.count(".") < _DEEP:
                self._note(value, f"{above}{key}.")
            elif key and value is not None and not isinstance(value, list | dict):
                self.values.setdefault(f"{above}{key}", []).append(value)

    def named(self, names: Iterable[str]) -> list[str]:
        """Return the columns of these names that are there, in the order of names."""
        by_lower = {name.lower(): name for name in reversed(self.values)}
        return [by_lower[name] for name in names if name in by_lower]

    def texts(self, name: str) -> list[str]:
        """Return the values of a column as texts."""
        return [
            each if type(each) is str else str(text_of(each))
            for each in self.values[name]
        ]

    def is_id(self, name: str) -> bool:
        """Whether all rows have the column, and all another value, as ids are."""
        texts = self.texts(name)
        is_short = all(len(text) <= 2 * SHORT and not text.isspace() for text in texts)
        return is_short and len(set(texts)) == len(self.rows) and all(texts)

    def is_text(self, name: str) -> bool:
        """Whether it has texts of several words, or long ones."""
        if any(type(each) is not str for each in self.values[name]):
            return False
        return any(
            len(text) > SHORT or re.search(r"\S\s+\S", text)
            for text in self.texts(name)
        )

    def is_word(self, name: str) -> bool:
        """Whether all values are short and without blanks, as references are."""
        return all(re.fullmatch(r"\S{1,80}", text) for text in self.texts(name))

    def is_reference(self, name: str) -> bool:
        """Whether all values look like ids of something, such as `a-101`."""
        return all(map(_REFERENCE.fullmatch, self.texts(name)))

    def is_score(self, name: str) -> bool:
        """Whether most values are numbers, or few short words come again and again."""
        texts = self.texts(name)
        numbers = sum(_is_number(text) for text in texts)
        is_short = all(len(text) <= SHORT for text in texts)
        few = len(set(texts)) * 2 <= len(texts)
        return is_short and (numbers * 2 > len(texts) or few)


def time_form(values: Sequence[Any]) -> str | None:
    """Return how times are written; None if that is not known."""
    first = values[0]
    if isinstance(first, Number) or re.fullmatch(r"\d{9,}(\.\d+)?", str(first)):
        return "epoch_ms" if float(first) > 1e11 else "epoch"
    if re.match(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d|$)|\d{8}T\d{4}", str(first)):
        return "iso"
    return next((json.dumps(form) for form in _FORMS if _all_parse(values, form)), None)


def _all_parse(values: Sequence[Any], form: str) -> bool:
    try:
        for each in values:
            datetime.strptime(str(each), form)
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
