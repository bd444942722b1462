"""Markdown that a model wrote, as HTML that can do nothing.

Owns which formatting a page shows: headings, paragraphs, lists, quotes, emphasis,
strikethrough, code, tables, rules and links. What else a text holds is shown as it is
written: HTML is escaped, an image is its Markdown, and a link to anything but http,
https and mailto is not a link. Nothing is fetched.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

_LINK: Final = re.compile(r"(?:https?|mailto):", re.IGNORECASE)


class _Formatting(MarkdownIt):
    """CommonMark with tables and strikethrough, without HTML and without pictures."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False})
        self.enable(["table", "strikethrough"])
        self.add_render_rule("image", _as_written)

    def validateLink(self, url: str) -> bool:
        """Tell whether a link may be one; the library asks this of each."""
        return _LINK.match(url) is not None


def safe_html(text: str) -> Markup:
    """Return a text as HTML; what is not plain formatting is shown as written."""
    tokens = _FORMATTING.parse(text)
    _remove_attributes(tokens)
    html = _FORMATTING.renderer.render(tokens, _FORMATTING.options, {})
    return Markup(html.rstrip("\n"))


def _remove_attributes(tokens: Sequence[Token]) -> None:
    """Leave no attribute but the address of a link, or of a picture."""
    for token in tokens:
        kept = ("href", "src")
        token.attrs = {name: token.attrs[name] for name in kept if name in token.attrs}
        if token.type == "fence":
            token.info = ""  # would become a class
        _remove_attributes(token.children or ())


def _as_written(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    """Return a picture as its Markdown: a browser would fetch it from anywhere."""
    picture = tokens[index]
    return escapeHtml(f"![{picture.content}]({picture.attrs['src']})")


_FORMATTING: Final = _Formatting()
