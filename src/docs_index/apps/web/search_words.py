"""What a user types to search, as a query of SQLite's full-text search.

Owns no text. Every input is a valid query, and means the same as for `docs-index
search`.
"""

import re
from typing import Final

from docs_index.index.search import phrase

NOTHING: Final = '""'  # a query that no text fits
_PART: Final = re.compile(r'"([^"]*)"?(\*?)|([^\s"]+)')


def as_query(text: str | None) -> str:
    """Return the query for all words of a text.

    Words in quotes follow each other. A word that ends with `*` is the beginning of
    one.
    """
    parts = (_phrase(*found.groups()) for found in _PART.finditer(text or ""))
    return " ".join(filter(None, parts)) or NOTHING


def _phrase(quoted: str | None, star: str | None, word: str | None) -> str:
    """Return words as a phrase, nothing where no letter or digit is in them."""
    words, is_beginning = quoted or "", bool(star)
    if word:
        words, is_beginning = word.removesuffix("*"), word.endswith("*")
    if not any(map(str.isalnum, words)):
        return ""
    return phrase(words.replace(chr(0), " "), is_beginning=is_beginning)
