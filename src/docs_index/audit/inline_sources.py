"""The texts of histories, as the last build has read them.

A record of a history has no file of its own to compare a document with: only the
build, by histories.yml, knows where in which file its text is. Reads the build, if
there is one that nobody is writing, and changes nothing.
"""

from typing import NamedTuple

import duckdb

from docs_index.paths import is_file
from docs_index.quoting import literal
from docs_index.resources import sql
from docs_index.warehouse.session import Session


class Inline(NamedTuple):
    """The texts of one record."""

    raw: bytes
    prompt: bytes | None


def load_inline_sources(session: Session) -> None:
    """Fill the table `inline_sources`, if there is a build to read."""
    session.db.execute(sql("audit/inline_sources.sql"))
    path = session.layout.build
    if not is_file(path):
        return
    try:
        session.db.execute(f"attach {literal(path)} as build (read_only)")
        session.db.execute(sql("audit/inline_sources_of_build.sql"))
    except duckdb.Error:  # it is being written, or is of another version
        return
    session.has_build = True


def inline_texts(session: Session, row_key: str) -> Inline | None:
    """Return the texts of the record of a row_key, None if the build has no such."""
    found = session.db.execute(
        sql("audit/inline_texts.sql"), {"asked_key": row_key}
    ).fetchone()
    if found is None:
        return None
    raw, prompt = found
    return Inline(raw.encode(), None if prompt is None else prompt.encode())
