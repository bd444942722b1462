"""How much of what could take hours is tested: by `make test`, CI and `make soak`."""

import os
from collections.abc import Iterable
from typing import Any

import pytest

SOAK = bool(os.environ.get("DOCS_INDEX_SOAK"))
"""Whether `make soak` runs: tests marked `soak` have far more cases then."""


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
