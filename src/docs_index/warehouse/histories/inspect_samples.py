"""The samples of Inspect's logs without most of their text, which no model reads.

Inspect writes down each event of a sample, and texts of more than 100 characters apart
from where they are used (`attachment://` and a hash). Of the events the models read the
time of the last one; of the texts apart, those of the messages, answers and scores.
"""

import re
from typing import Any

from docs_index.warehouse.histories.json_values import compact
from docs_index.warehouse.histories.text_rows import Row

_PRUNED = ("attachments", "events", "events_data", "store", "timelines")
_ATTACHED = re.compile(r'attachment://([^"\\]+)')


def without_unread(row: Row) -> Row:
    """Return a sample as short as the models can read it; others as they are."""
    sample = row.value
    if row.fault or not any(sample.get(key) for key in _PRUNED):
        return row
    kept = {key: value for key, value in sample.items() if key not in _PRUNED}
    if isinstance(events := sample.get("events"), list):
        kept["events"] = [_time_of(event) for event in events[-1:]]
    if isinstance(attachments := sample.get("attachments"), dict):
        used = set(_ATTACHED.findall(compact(kept)))
        kept["attachments"] = {
            key: attachments[key] for key in attachments if key in used
        }
    return row._replace(value=kept, text=None)


def _time_of(event: Any) -> Any:
    if isinstance(event, dict) and "timestamp" in event:
        return {"timestamp": event["timestamp"]}
    return {}
