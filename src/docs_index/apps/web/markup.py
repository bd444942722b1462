"""Turn Markdown from a model into harmless HTML.

Owns the formatting that a page shows: headings, paragraphs, lists, quotes, emphasis,
strikethrough, code, tables, rules and links. All else is shown as its source text: HTML
is escaped, an image is its Markdown, and only http, https and mailto can be links.
Fetches nothing. Marks the words that a search has found.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from docs_index.index.search import END, FOUND

_CODE: Final = re.compile("`([^`]+)`")
_FOUND: Final = re.compile(f"{FOUND}([^{FOUND}{END}]*){END}")
_LINK: Final = re.compile(r"(?:https?|mailto):", re.IGNORECASE)


class _Formatting(MarkdownIt):
    """CommonMark with tables and strikethrough, without HTML and without images."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False})
        self.enable(["table", "strikethrough"])
        self.add_render_rule("image", _as_written)

    def validateLink(self, url: str) -> bool:
        """Tell whether an address may be a link; the library calls this for each."""
        return _LINK.match(url) is not None


def safe_html(text: str) -> Markup:
    """Return a text as HTML; all but plain formatting is shown as source text."""
    tokens = _FORMATTING.parse(text)
    _remove_attributes(tokens)
    html = _FORMATTING.renderer.render(tokens, _FORMATTING.options, {})
    return Markup(html.rstrip("\n"))


def marked(excerpt: str) -> Markup:
    """Return an excerpt as HTML, with the words that were found in `mark` elements."""
    html = _FOUND.sub(r"<mark>\1</mark>", str(escape(excerpt)))
    return Markup(html.replace(FOUND, "").replace(END, ""))


def with_code(sentence: str) -> Markup:
    """Return a sentence of ours as HTML, with what is in backquotes as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(sentence))))


def _remove_attributes(tokens: Sequence[Token]) -> None:
    """Remove all attributes except the address of a link or an image."""
    for token in tokens:
        kept = ("href", "src")
        token.attrs = {name: token.attrs[name] for name in kept if name in token.attrs}
        if token.type == "fence":
            token.info = ""  # it would become a class
        _remove_attributes(token.children or ())


def _as_written(_: RendererHTML, tokens: Sequence[Token], index: int, *__: Any) -> str:
    """Return an image as its Markdown, because a browser would fetch its address."""
    picture = tokens[index]
    return escapeHtml(f"![{picture.content}]({picture.attrs['src']})")


_FORMATTING: Final = _Formatting()
