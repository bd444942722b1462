"""The parser returns one parsed text per text, whatever their content."""

import secrets

import pytest

from docs_index.warehouse import parsers as parsing
from docs_index.warehouse.parsers import TextParser


def test_texts_are_told_apart_whatever_they_hold() -> None:
    texts = ["", "\x1e", "\x1f", "\x1e0\x1f", "\x1e0", "0\x1f", "a\x00b", "\n", ""]
    asked = [("any", text.encode()) for text in texts]
    assert TextParser("text || '!'").parse(asked) == [f"{text}!" for text in texts]


def test_a_separator_that_a_text_holds_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = iter(["a", "b", "c"])
    monkeypatch.setattr(secrets, "token_hex", lambda _: next(drawn))
    texts = ["x\x1ea\x1fx", "\x1eb", "\x1f", "\x1eb\x1f"]
    parser = TextParser("text || '!'")
    asked = [("any", text.encode()) for text in texts]
    assert parser.parse(asked) == [f"{text}!" for text in texts]
    assert not list(drawn)


def test_no_text_can_foresee_the_separator() -> None:
    assert parsing._joined([b"text"]) != parsing._joined([b"text"])
