"""What sqlfluff knows of dbt's `adapter` while it renders a model: that of DuckDB."""

from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, name: str) -> Callable[..., Any]:
    """Return the macro of DuckDB with that name."""
    macro: Callable[..., Any] = context.resolve(f"default__{name}")
    return macro


def quote(name: str) -> str:
    """Return a name as DuckDB reads it."""
    return f'"{name}"'
