"""What a run spends, and a budget that holds while many requests are in flight.

Owns the arithmetic of money, in exact decimals. Reads and writes nothing.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Condition

from docs_index.cohorts.answers import Usage
from docs_index.cohorts.gate import Gate
from docs_index.cohorts.models import Model
from docs_index.errors import StoppedError

CHARS_PER_TOKEN = 4


@dataclass
class Bill:
    """Answers, their tokens, and their money as far as it is known.

    `without_cost` counts the answers for which neither the endpoint nor the table of
    models says what they cost.
    """

    answers: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal = Decimal(0)
    without_cost: int = 0

    def add(self, tokens_in: int, tokens_out: int, cost: Decimal | None) -> None:
        """Add an answer; `cost` None means that it is not known."""
        self.answers += 1
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out
        if cost is None:
            self.without_cost += 1
        else:
            self.cost += cost


def tokens_of(chars: int) -> int:
    """Return about how many tokens a text of so many characters has, rounded up."""
    return -(-chars // CHARS_PER_TOKEN)


def billed(
    model: Model, usage: Usage, chars_in: int, chars_out: int
) -> tuple[int, int, Decimal | None]:
    """Return the tokens and the cost of an answer, which the endpoint says or not."""
    tokens_in = tokens_of(chars_in) if usage.tokens_in is None else usage.tokens_in
    tokens_out = tokens_of(chars_out) if usage.tokens_out is None else usage.tokens_out
    if usage.cost is not None:
        return tokens_in, tokens_out, Decimal(repr(usage.cost))
    return tokens_in, tokens_out, model.price(tokens_in, tokens_out)


@dataclass
class _Known:
    """The answer of a model that cost most; `cost` None while none is known."""

    cost: Decimal | None = None
    chars_in: int = 0


@dataclass
class Purse:
    """What a run has spent, per model, and what requests in flight may cost.

    Without `most`, any number of requests may be in flight. With it, a request needs a
    reserve: what its answer may cost by the dearest answer of its model so far, and by
    `max_tokens`. Before a model's first answer, one request alone is in flight. An
    answer that does not say what it cost counts as the dearest one.
    """

    gate: Gate
    most: Decimal | None = None
    spent: dict[str, Bill] = field(default_factory=lambda: defaultdict(Bill))
    _counted: Decimal = Decimal(0)
    _reserved: Decimal = Decimal(0)
    _in_flight: int = 0
    _known: dict[str, _Known] = field(default_factory=dict)
    _changed: Condition = field(default_factory=Condition)

    @contextmanager
    def reserved(self, model: Model, chars_in: int) -> Iterator[None]:
        """Hold the money for one answer; wait for it while others are in flight.

        Raises:
            StoppedError: the answer may pass the budget; the run stops.
        """
        if self.most is None:
            yield
            return
        with self._changed:
            while (reserve := self._reserve(model, chars_in)) is None:
                self._changed.wait(1.0)
                if self.gate.stopped:
                    raise StoppedError(f"not asked for: {self.gate.stopped}")
            self._reserved += reserve
            self._in_flight += 1
        try:
            yield
        finally:
            with self._changed:
                self._reserved -= reserve
                self._in_flight -= 1
                self._changed.notify_all()

    def pay(
        self, name: str, model: Model, usage: Usage, chars_in: int, chars_out: int
    ) -> Decimal | None:
        """Count an answer of the model that the table calls `name`; return its cost."""
        tokens_in, tokens_out, cost = billed(model, usage, chars_in, chars_out)
        with self._changed:
            self.spent[name].add(tokens_in, tokens_out, cost)
            known = self._known.setdefault(model.name, _Known())
            if cost is not None and cost >= (known.cost or 0):
                known.cost, known.chars_in = cost, chars_in
            self._counted += (known.cost or Decimal(0)) if cost is None else cost
            if known.cost is None and self.most is not None:
                self.gate.stop(
                    f"it is not known what an answer of {name} costs, so --max-cost "
                    "cannot be kept: write its prices into 1_raw/llm_models.csv"
                )
        return cost

    def _reserve(self, model: Model, chars_in: int) -> Decimal | None:
        """Return what an answer may cost; None if it must wait for others.

        Raises:
            StoppedError: it may pass the budget, and no other is in flight.
        """
        assert self.most is not None
        known = self._known.get(model.name)
        if known is None and self._in_flight:
            return None
        may_cost = self._may_cost(model, known or _Known(), chars_in)
        left = self.most - self._counted - self._reserved
        if may_cost <= left and left > 0:
            return may_cost
        if self._in_flight:
            return None
        why = f"the next answer may pass --max-cost {self.most}"
        self.gate.stop(why)
        raise StoppedError(f"not asked for: {why}")

    def _may_cost(self, model: Model, known: _Known, chars_in: int) -> Decimal:
        at_most = model.price(tokens_of(chars_in), model.max_tokens or 0) or Decimal(0)
        if known.cost is None:
            return at_most
        longer = Decimal(max(chars_in, 1)) / Decimal(max(known.chars_in, 1))
        return max(at_most, known.cost * max(longer, Decimal(1)))
