"""Full-text search: an index of its own, made from the documents.

Owns `db/documents.search.sqlite`, a copy of every document's text, parsed where it
could be. The file may be deleted: the next search makes it again. It follows the
documents in one transaction, so a search that is killed leaves it as it was. The index
of documents is only read.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from docs_index.errors import (
    VERIFY,
    IndexFileError,
    StorageError,
)
from docs_index.index.database import is_damage
from docs_index.index.filters import Filters
from docs_index.index.reader import Documents
from docs_index.index.row import COLUMNS, NAMES, Document
from docs_index.index.texts import is_doc_dir
from docs_index.resources import sql

_CHUNK = 5000
APPLICATION_ID = 0x64637372  # "dcsr"
VERSION = 1
_MARKS = (
    f"pragma application_id = {APPLICATION_ID}",
    f"pragma user_version = {VERSION}",
)
# The marks before and after a word that was found: of Unicode's private use.
FOUND, END = "\ue000", "\ue001"
_TAKE_IN = "insert into texts (doc_id, task_id, text) values (?, ?, ?)"

Hit = tuple[Document, float, str]


@contextmanager
def searching(documents: Documents) -> Iterator[sqlite3.Connection]:
    """Open the search index for writing; it is made where there is none.

    Raises:
        IndexFileError: the file is something else, or SQLite has no full-text search.
        StorageError: it cannot be written.
    """
    path = documents.layout.search
    try:
        with closing(sqlite3.connect(path, timeout=30, uri=True)) as connection:
            connection.isolation_level = None
            found = [
                connection.execute(f"pragma {name}").fetchone()[0]
                for name in ("application_id", "user_version")
            ]
            if found != [APPLICATION_ID, VERSION]:
                _refuse_others(connection, documents)
                _make(connection)
            _attach(connection, documents)
            connection.executescript(sql("index/views.sql"))
            yield connection
    except sqlite3.DatabaseError as error:
        if not _has_full_text_search():
            fault = "this Python's SQLite has no full-text search (FTS5)"
            raise IndexFileError(fault) from error
        if not is_damage(error):
            raise StorageError(f"{path}: {error}") from error
        raise IndexFileError(f"{path}: {error}; delete it, or {VERIFY}") from error
    except UnicodeDecodeError as error:  # of SQLite's own words about the damage
        raise IndexFileError(f"{path} is damaged: delete it") from error


def _attach(connection: sqlite3.Connection, documents: Documents) -> None:
    """Attach the index as `stored`, or a temporary copy of rows that are in Parquet."""
    if isinstance(documents.connection, sqlite3.Connection):
        uri = f"{documents.layout.index.as_uri()}?mode=ro"
        connection.execute("attach ? as stored", [uri])
        return
    connection.execute("attach '' as stored")
    connection.execute(f"create table stored.documents ({', '.join(NAMES)})")
    rows = documents.connection.execute(f"select {COLUMNS} from documents")
    values = ", ".join("?" for _ in NAMES)
    connection.executemany(f"insert into stored.documents values ({values})", rows)
    connection.execute("create unique index stored.by_id on documents (doc_id)")


def refresh(
    connection: sqlite3.Connection, documents: Documents, *, from_scratch: bool
) -> tuple[int, int]:
    """Bring the search index up to date; with `from_scratch`, read all again.

    Returns how many were taken in, and how many could not be read. The next search
    tries those again.
    """
    if not from_scratch and _ids(connection, "texts") == _ids(
        connection, "stored.documents"
    ):
        return 0, 0
    connection.execute("begin immediate")
    if from_scratch:
        connection.execute("delete from texts")
    known, wanted = _ids(connection, "texts"), _ids(connection, "stored.documents")
    for doc_id in known - wanted:
        connection.execute("delete from texts where doc_id = ?", [doc_id])
    taken_in = 0
    # In the order of shards: each is read once.
    for chunk in _chunks(documents.select("order by stage, doc_id"), known):
        texts = documents.texts.find_all(list(chunk), ("parsed.txt", "raw.txt"))
        for doc_dir, files in texts:
            document = chunk[doc_dir]
            content = files.get("parsed.txt" if document.status == "ok" else "raw.txt")
            if content is None:
                continue
            text = content.decode(errors="replace")
            connection.execute(_TAKE_IN, (document.doc_id, document.task_id, text))
            taken_in += 1
    connection.execute("commit")
    return taken_in, len(wanted - known) - taken_in


def hits(
    connection: sqlite3.Connection, words: Sequence[str], filters: Filters, limit: int
) -> Iterator[Hit]:
    """Yield documents that hold all words, the best first.

    A word that ends with `*` is the beginning of one; words in one argument stand
    together.
    """
    values = filters.parameters() | {
        "words": " ".join(
            phrase(word.removesuffix("*"), is_beginning=word.endswith("*"))
            for word in words
        ),
        "found": FOUND,
        "end": END,
        "limit": limit,
    }
    cursor = connection.execute(sql("index/search_hits.sql"), values)
    names = [column[0] for column in cursor.description]
    for values_of_row in cursor:
        row = dict(zip(names, values_of_row, strict=True))
        rank, excerpt = row.pop("rank"), row.pop("excerpt")
        yield Document(**row), rank, excerpt


def _make(connection: sqlite3.Connection) -> None:
    """Make the search index without a text, in one transaction."""
    connection.execute("begin immediate")
    connection.execute(sql("index/search_tables.sql"))
    for statement in _MARKS:
        connection.execute(statement)
    connection.execute("commit")


def phrase(text: str, *, is_beginning: bool) -> str:
    """Return words that follow each other as a phrase of a full-text query."""
    quoted = text.replace('"', '""')
    return f'"{quoted}"{"*" if is_beginning else ""}'


def _ids(connection: sqlite3.Connection, table: str) -> set[str]:
    return {doc_id for (doc_id,) in connection.execute(f"select doc_id from {table}")}


def _chunks(
    found: Iterator[Document], known: set[str]
) -> Iterator[dict[str, Document]]:
    """Yield the documents that are not known, by doc_dir, some thousand at a time."""
    chunk: dict[str, Document] = {}
    for document in found:
        if document.doc_id not in known and is_doc_dir(document.doc_dir):
            chunk[document.doc_dir] = document
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = {}
    yield chunk


def _has_full_text_search() -> bool:
    query = "select count(*) from pragma_module_list where name = 'fts5'"
    with closing(sqlite3.connect(":memory:")) as connection:
        return bool(connection.execute(query).fetchone()[0])


def _refuse_others(connection: sqlite3.Connection, documents: Documents) -> None:
    """Clear an older version of the search index; leave any other file alone."""
    tables = connection.execute("select count(*) from sqlite_master").fetchone()[0]
    made_by = connection.execute("pragma application_id").fetchone()[0]
    if tables and made_by != APPLICATION_ID:
        raise IndexFileError(
            f"{documents.layout.search} was made by another program: move it away"
        )
    if tables:
        connection.execute("drop table texts")
