"""The index row as a Python class, and the order that puts the latest row first.

Owns the names of the columns of `documents`. It reads and writes nothing.
"""

import json
from dataclasses import dataclass, fields
from typing import Any

_ORDER = (
    "created_at desc",
    "json_extract(meta_small, '$.row_index') desc",
    "json_extract(meta_small, '$.source_csv')",
    "doc_id",
)
LATEST_FIRST = ", ".join(_ORDER)
"""The order of documents_latest_report.csv: the first row is the latest.

The view `latest_documents` of views.sql has the same order.
"""


@dataclass(frozen=True)
class Document:
    """An index row; the table `column_descriptions` describes the columns."""

    doc_id: str
    logical_key_id: str
    stage: str
    task_id: str
    parent_doc_id: str | None
    template_id: str
    model_id: str
    run_id: str
    row_key: str
    parser: str | None
    status: str
    created_at: str | None
    doc_dir: str
    raw_bytes: int
    raw_chars: int
    parsed_chars: int | None
    content_hash: str
    score: float | None
    meta_small: str

    @property
    def meta(self) -> dict[str, Any]:
        """What `meta_small` holds: combo_id, response_file, source_csv and more."""
        held: dict[str, Any] = json.loads(self.meta_small)
        return held

    @property
    def combo_id(self) -> str | None:
        """The combo of the document, if its source row named one."""
        combo_id: str | None = self.meta["combo_id"]
        return combo_id


NAMES = tuple(field.name for field in fields(Document))
COLUMNS = ", ".join(f"documents.{name}" for name in NAMES)
