"""Which documents are meant: options of a command as a condition in SQL."""

import re
from dataclasses import dataclass, fields
from datetime import datetime

from docs_index.index.row import LATEST_FIRST

_INSTANT = re.compile(
    r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}(?:T[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}Z?)?)?)?)?)?"
)
_LATEST = f"""documents.doc_id in (
    select doc_id
    from (
        select
            doc_id,
            row_number() over (
                partition by stage, logical_key_id order by {LATEST_FIRST}
            ) as place
        from documents
        where status = 'ok'
    )
    where place = 1
)"""


@dataclass(frozen=True)
class Filters:
    """What a document must be; None is anything.

    Texts may hold `*`, which stands for any characters. `since` and `until` are the
    beginning of a `created_at`, as much of it as is meant, and are both included.
    `latest` leaves the latest document of each logical key, as the report does.
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
        return f"documents.{name} glob ?", re.sub(r"([?\[])", r"[\1]", value)
    return f"documents.{name} = ?", value
