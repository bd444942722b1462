"""Markdown that a model wrote, as HTML that can do nothing."""

from typing import Final

import bleach  # type: ignore[import-untyped]
import markdown  # type: ignore[import-untyped]
from markupsafe import Markup

# No pictures: a browser would fetch them from wherever the text says.
_TAGS: Final = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "hr", "i", "li", "ol", "p", "pre", "strong", "sub", "sup", "table"}
    | {"tbody", "td", "th", "thead", "tr", "ul"}
)
_EXTENSIONS: Final = ("fenced_code", "sane_lists", "tables")


def safe_html(text: str) -> Markup:
    """Return a text as HTML; what is no plain formatting is shown as it is written."""
    html = markdown.markdown(text, extensions=_EXTENSIONS, output_format="html")
    return Markup(bleach.clean(html, tags=_TAGS, attributes={"a": ["href"]}))
