"""Parse an answer as its template asks for it, one at a time from any thread."""

from threading import Lock

from docs_index.parsing import text_parser

_one_at_a_time = Lock()


def parsed(parser: str | None, text: str) -> str | None:
    """Return what a template's parser makes of an answer, None where it cannot."""
    if parser is None:
        return text
    with _one_at_a_time:
        return text_parser().parse([(parser, text.encode())])[0]
