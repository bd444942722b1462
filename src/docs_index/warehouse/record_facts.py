"""Run the parsers on the records of histories, whose texts are in the build.

Owns no rule: the parsers are SQL (see `parsers`). Texts are parsed in batches of
bounded bytes and dropped, so that memory does not grow with them.
"""

import json
from collections.abc import Iterator

import duckdb

from docs_index.resources import sql
from docs_index.warehouse.parsers import parser_of

_BATCH_BYTES = 4 * 2**20
_FETCH = 200
_SHORT_CHARS = 200  # a parsed text of at most this length is kept: it may be a score

Text = tuple[int, str, str]


def parse_records(
    session: duckdb.DuckDBPyConnection, texts: str, parser_sql: str
) -> duckdb.DuckDBPyRelation:
    """Return record_number, parsed_chars and a short parsed_text of each record.

    `texts` is a relation of record_number, parser and raw. A text that its parser
    cannot handle has nulls.
    """
    session.execute(
        "create or replace temp table parsed_records "
        "(record_number bigint, parsed_chars bigint, parsed_text varchar)"
    )
    parser = parser_of(parser_sql)
    for batch in _batches(session, texts):
        parsed = parser.parse([(name, text.encode()) for _, name, text in batch])
        facts = [
            {
                "record_number": number,
                "parsed_chars": None if found is None else len(found),
                "parsed_text": found if found and len(found) <= _SHORT_CHARS else None,
            }
            for (number, _, _), found in zip(batch, parsed, strict=True)
        ]
        session.execute(
            sql("warehouse/parsed_records.sql"), {"parsed": json.dumps(facts)}
        )
    return session.table("parsed_records")


def _batches(session: duckdb.DuckDBPyConnection, texts: str) -> Iterator[list[Text]]:
    batch: list[Text] = []
    size = 0
    with session.cursor() as cursor:
        cursor.execute(f"select record_number, parser, raw from {texts}")
        while rows := cursor.fetchmany(_FETCH):
            for row in rows:
                batch.append(row)
                size += len(row[2])
                if size >= _BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
    if batch:
        yield batch
