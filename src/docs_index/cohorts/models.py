"""The language models of a cohort: their names at the endpoint, settings and prices.

Reads `1_raw/llm_models.csv`; `sql/model_settings.sql` judges its settings.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb

from docs_index.errors import TableRefusedError
from docs_index.layout import Layout
from docs_index.resources import sql
from docs_index.warehouse.cohort_inputs import load_table

TIMEOUT_S = 600.0
_NUMBERS = ("temperature", "top_p")
_WHOLE_NUMBERS = ("max_tokens", "seed")
_SETTINGS = (
    *_NUMBERS, *_WHOLE_NUMBERS, "reasoning_effort", "extra_body",
    "requests_per_minute", "price_in", "price_out", "timeout_s",
)  # fmt: skip
_OURS = ("messages", "model", "n", "stream")
_MILLION = 1_000_000


@dataclass(frozen=True)
class Model:
    """A language model: its name at the endpoint, and what is sent with a prompt.

    `price_in` and `price_out` are money per million tokens, `timeout_s` seconds of one
    request.
    """

    name: str
    sent: Mapping[str, Any] = field(default_factory=dict)
    requests_per_minute: float | None = None
    price_in: Decimal | None = None
    price_out: Decimal | None = None
    timeout_s: float = TIMEOUT_S

    @property
    def max_tokens(self) -> int | None:
        """The most tokens of an answer, None if they are not limited."""
        most = self.sent.get("max_tokens")
        return most if type(most) is int and most > 0 else None

    def price(self, tokens_in: int, tokens_out: int) -> Decimal | None:
        """Return what tokens cost; None if the table has no prices for them."""
        if self.price_in is None or (tokens_out and self.price_out is None):
            return None
        paid_out = tokens_out * (self.price_out or 0)
        return (tokens_in * self.price_in + paid_out) / _MILLION


def read_models(layout: Layout) -> dict[str, Model]:
    """Return the language models by their id.

    Raises:
        DocsIndexError: the table is missing or refused, or a setting is wrong.
    """
    meta = {"required": [["id"]], "columns": ["id", "model", *_SETTINGS]}
    with duckdb.connect() as db:
        load_table(db, layout.models, meta).create("llm_models")
        rows = db.execute(sql("cohorts/model_settings.sql")).fetchall()
    found, faults = {}, []
    for number, model_id, name, written, judged in rows:
        settings = json.loads(written)
        if not judged:
            judged = _unsendable(settings.get("extra_body"))
        faults += [f"  row {number}, model {model_id}: {fault}" for fault in judged]
        if not judged:
            found[model_id or ""] = _model(name or "", settings)
    if faults:
        listed = "\n".join(faults)
        raise TableRefusedError(f"{layout.models} has wrong settings:\n{listed}")
    return found


def _unsendable(extra_body: str | None) -> list[str]:
    """Return why what a JSON object of DuckDB says cannot be sent."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        found = json.loads(extra_body or "{}", parse_constant=refuse)
    except (ValueError, RecursionError):
        return ["extra_body has a value that is not JSON, such as NaN"]
    own = [name for name in _OURS if name in found]
    return [f"extra_body sets {name}, which only this program may set" for name in own]


def _model(name: str, settings: Mapping[str, str]) -> Model:
    sent: dict[str, Any] = json.loads(settings.get("extra_body", "{}"))
    sent |= {key: float(settings[key]) for key in _NUMBERS if key in settings}
    sent |= {key: int(settings[key]) for key in _WHOLE_NUMBERS if key in settings}
    if "reasoning_effort" in settings:
        sent["reasoning_effort"] = settings["reasoning_effort"]
    rate = settings.get("requests_per_minute")
    prices = {
        key: Decimal(settings[key])
        for key in ("price_in", "price_out")
        if key in settings
    }
    return Model(
        name,
        sent,
        requests_per_minute=float(rate) if rate else None,
        timeout_s=float(settings.get("timeout_s", TIMEOUT_S)),
        **prices,
    )
