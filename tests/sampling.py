"""Which cases of a test are in `make test`, where each of many cases takes long."""

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int) -> list[Any]:
    """Return the cases of a test, all slow but the first of each `every` cases.

    A tuple is a case of several arguments.
    """
    return [
        case if number % every == 0 else _slow(case)
        for number, case in enumerate(cases)
    ]


def _slow(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.slow)
