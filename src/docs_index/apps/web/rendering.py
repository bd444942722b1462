"""Render the pages' templates: text from data is escaped, and made visible."""

import shlex
from collections.abc import Mapping
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from docs_index.errors import printable
from docs_index.layout import Layout

_PROGRAM = "docs-index"


def origin(layout: Layout) -> dict[str, str]:
    """Return what every page says of where it comes from."""
    return {"root": str(layout.root), "program": f"{_PROGRAM} {version(_PROGRAM)}"}


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
    environment.filters |= {
        "bytes": _bytes,
        "count": _count,
        "marked": _marked,
        "money": _money,
        "rounded": _rounded,
        "shell": _shell,
    }
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


def _marked(text: str | None) -> Markup | None:
    """Return a text with what is between backticks as code."""
    if text is None:
        return None
    parts = [
        Markup("<code>{}</code>" if place % 2 else "{}").format(printable(part))
        for place, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


def _money(amount: Decimal | None) -> str | None:
    """Return money with at least two decimals, and six digits of a small amount."""
    if amount is None:
        return None
    return f"{amount:,.2f}" if amount >= 100 or not amount else f"{amount:.6f}"


def _rounded(number: float | None) -> str | None:
    """Return a number with two decimals; a huge or a tiny one with an exponent."""
    if number is None:
        return None
    return (
        f"{number:.2f}" if not number or 0.005 <= abs(number) < 1e6 else f"{number:.3g}"
    )


def _shell(value: object) -> str:
    """Return a value as a word of a command line."""
    return shlex.quote(str(value))


def _bytes(size: int) -> str:
    """Return a size in the largest unit that is not larger than it."""
    if size < 1024:
        return f"{size} B"
    number, units = size / 1024, iter(("KiB", "MiB", "GiB"))
    unit = next(units)
    while number >= 1024 and (larger := next(units, None)):
        number, unit = number / 1024, larger
    return f"{number:,.1f} {unit}"
