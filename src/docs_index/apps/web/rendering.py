"""Render the pages' templates: text from data is escaped, and made visible."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from docs_index.errors import printable


def render(template: str, facts: Mapping[str, Any]) -> str:
    """Return a page as text."""
    environment = Environment(
        loader=PackageLoader("docs_index.apps.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"bytes": _bytes, "count": _count, "rounded": _rounded}
    return environment.get_template(template).render(facts)


def _shown(value: object) -> object:
    """Return a value for the page: None is a dash, control characters are escaped."""
    if value is None:
        return "–"  # noqa: RUF001
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return printable(value)
    return value


def _count(number: int) -> str:
    return f"{number:,}"


def _rounded(number: float | None) -> str | None:
    """Return a number with two decimals; a huge or a tiny one with an exponent."""
    if number is None:
        return None
    return (
        f"{number:.2f}" if not number or 0.005 <= abs(number) < 1e6 else f"{number:.3g}"
    )


def _bytes(size: int) -> str:
    """Return a size in the largest unit that is not larger than it."""
    if size < 1024:
        return f"{size} B"
    number, units = size / 1024, iter(("KiB", "MiB", "GiB"))
    unit = next(units)
    while number >= 1024 and (larger := next(units, None)):
        number, unit = number / 1024, larger
    return f"{number:,.1f} {unit}"
