"""Run the parsers, which are SQL, on texts in memory.

The built-in parsers are written once, as dbt macros (`macros/parsers`). Own parsers are
rows of `1_raw/parsers.csv`, which SQL judges and makes branches of the same expression.
The model `parser_sql` holds the expression of a build; `parser_for` makes the same one
without a build. Its columns are `parser`, `text`, and `last_object`, the last JSON
object in the text. Writes no data.
"""

import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock

import duckdb

from docs_index.errors import TableRefusedError
from docs_index.layout import Layout
from docs_index.paths import is_there
from docs_index.resources import rendered, sql
from docs_index.vocabulary import PARSERS
from docs_index.warehouse.csv_columns import Columns
from docs_index.warehouse.csv_grammar import check_table
from docs_index.warehouse.csv_table import read_table
from docs_index.warehouse.json_objects import last_object

OWN_COLUMNS = ("parser", "kind", "pattern", "minimum", "maximum")
"""The columns of 1_raw/parsers.csv; a file with rows must have the first three."""

_one_at_a_time = Lock()


class TextParser:
    """A separate DuckDB connection, without tables, that evaluates the expression."""

    def __init__(self, expression: str) -> None:
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 1")
        # This optimizer would expand the constant list of texts value by value.
        self._connection.execute("set disabled_optimizers = 'expression_rewriter'")
        self._connection.execute(sql("warehouse/texts_to_parse.sql"))
        texts = "texts_to_parse($parsers, $texts, $objects, $end)"
        self._query = f"select {expression} from {texts}"

    def parse(self, texts: Sequence[tuple[str, bytes]]) -> list[str | None]:
        """Return the parsed text of each (parser, UTF-8), None where it has none."""
        if not texts:
            return []
        separator, joined = _joined([text for _, text in texts])
        objects = [b"" if name in PARSERS else _object(text) for name, text in texts]
        values = {
            "parsers": separator.join(parser for parser, _ in texts),
            "texts": joined,
            "objects": separator.encode().join(objects),
            "end": separator,
        }
        rows = self._connection.execute(self._query, values).fetchall()
        return [parsed for (parsed,) in rows]


class AnyParser:
    """The parsers of a data root: the built-in ones, and those of 1_raw/parsers.csv.

    `names` has the names of all; `expression` is the SQL of all.
    """

    def __init__(self, names: frozenset[str], expression: str) -> None:
        self.names = names
        self.expression = expression
        self._waiting: deque[_Question] = deque()

    def parse(self, parser: str | None, text: str) -> str | None:
        """Return the parsed text, None if the parser fails; any thread may call this.

        Without a parser it is the text itself. Texts that come while another one is
        parsed are parsed together, as a query takes longer than its texts.
        """
        if parser is None:
            return text
        question = _Question(parser, text.encode())
        self._waiting.append(question)
        with _one_at_a_time:
            if not question.is_answered:
                self._answer()
        return question.result

    def _answer(self) -> None:
        """Parse all texts that wait; where that fails, they wait again."""
        questions = [self._waiting.popleft() for _ in range(len(self._waiting))]
        texts = [(one.parser, one.text) for one in questions]
        try:
            results = parser_of(self.expression).parse(texts)
        except BaseException:
            self._waiting.extend(questions)
            raise
        for one, result in zip(questions, results, strict=True):
            one.result, one.is_answered = result, True


@dataclass
class _Question:
    """A text that a thread wants to have parsed."""

    parser: str
    text: bytes
    result: str | None = None
    is_answered: bool = False


def built_in_parsers() -> AnyParser:
    """Return the parsers that every data root has."""
    return AnyParser(frozenset(PARSERS), rendered("parsed_text.sql"))


def parser_for(layout: Layout) -> AnyParser:
    """Return the parsers of a data root, as its tables are now.

    Raises:
        DataRootError, StorageError: 1_raw/parsers.csv cannot be read.
        TableRefusedError: it is not well-formed, or a row is no parser: names them all.
    """
    path = layout.own_parsers
    if not is_there(path):
        return built_in_parsers()
    layout.refuse_link_out(path)
    table = check_table(
        path, Columns(OWN_COLUMNS, [[name] for name in OWN_COLUMNS[:3]])
    )
    with duckdb.connect() as connection:
        read_table(connection, table, OWN_COLUMNS).create("parser_rows")
        names = {"names": list(PARSERS)}
        connection.execute(sql("warehouse/built_in_parsers.sql"), names)
        query = connection.execute(rendered("own_parsers.sql"))
        [(own, expression, refusal)] = query.fetchall()
    if refusal is not None:
        raise TableRefusedError(refusal)
    return AnyParser(frozenset([*PARSERS, *(own or [])]), expression)


@cache
def parser_of(expression: str) -> TextParser:
    """Return this process's only parser for an expression."""
    return TextParser(expression)


def _object(text: bytes) -> bytes:
    """Return the last JSON object of a text, empty without one."""
    return last_object(text.replace("\N{NO-BREAK SPACE}".encode(), b" ")) or b""


def _joined(texts: Sequence[bytes]) -> tuple[str, bytes]:
    """Join texts by a separator that occurs in none of them; return both.

    The separator is random, because a text could contain any fixed one. It appears in
    no output.
    """
    while True:
        # Its first and last characters occur nowhere else in it: no overlaps.
        separator = f"\x1e{secrets.token_hex(8)}\x1f"
        joined = separator.encode().join(texts)
        if joined.count(separator.encode()) == len(texts) - 1:
            return separator, joined
