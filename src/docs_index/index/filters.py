"""The filters of a command as a condition in SQL.

Owns the conditions, which are fixed texts; values are always parameters. The view
`latest_documents` (views.sql) decides which document is the latest. Opens no database.
"""

import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

_INSTANT = re.compile(
    r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(?:T[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}Z?)?)?)?)?)?"
)
_LATEST = "documents.doc_id in (select doc_id from latest_documents)"


@dataclass(frozen=True)
class Filters:
    """The values that a document must have; None accepts every value.

    In a text, `*` matches any characters. `since` and `until` are a `created_at` or its
    beginning, such as a month; both bounds are included. `latest` keeps only the latest
    document of each logical key, as the report does.
    """

    stage: str | None = None
    task_id: str | None = None
    template_id: str | None = None
    model_id: str | None = None
    status: str | None = None
    run_id: str | None = None
    since: str | None = None
    until: str | None = None
    latest: bool = False

    def condition(self) -> tuple[str, list[str]]:
        """Return a condition on `documents`, and the values that it takes."""
        conditions, values = ["true"], []
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str):
                condition, value = _condition(field.name, value)
                conditions.append(condition)
                values.append(value)
        if self.latest:
            conditions.append(_LATEST)
        return " and ".join(conditions), values

    def parameters(self) -> dict[str, Any]:
        """Return every filter as search_hits.sql takes it: texts as glob patterns."""
        values = asdict(self)
        for name, value in values.items():
            if name in ("since", "until"):
                values[name] = value and value.removesuffix("Z")
            elif isinstance(value, str):
                values[name] = _pattern(value)
        return values


def is_instant(text: str) -> bool:
    """Tell whether a text is the beginning of a `created_at`."""
    if _INSTANT.fullmatch(text) is None:
        return False
    digits = text.removesuffix("Z")
    try:
        datetime.fromisoformat(digits + "0001-01-01T00:00:00"[len(digits) :])
    except ValueError:  # the 30th of February
        return False
    return True


def _condition(name: str, value: str) -> tuple[str, str]:
    if name == "since":
        return "documents.created_at >= ?", value.removesuffix("Z")
    if name == "until":
        return "documents.created_at < ? || char(127)", value.removesuffix("Z")
    if "*" in value:
        return f"documents.{name} glob ?", _pattern(value)
    return f"documents.{name} = ?", value


def _pattern(value: str) -> str:
    """Return a glob pattern in which only `*` is special, in SQLite and in DuckDB."""
    return re.sub(r"([?\[\\])", r"[\1]", value)
