"""Read many response files in worker processes, and return facts about them.

The build asks for (folder, path, parser). Each answer has the sizes, the hash and the
length of the parsed text, or says why the file cannot be used. Each text is read once,
parsed by the build's own SQL, and dropped, so that memory does not grow with the texts.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from docs_index.disk.confined import Folder, Response, UnusableError
from docs_index.disk.scratch import scratch_folder
from docs_index.disk.workers import started_workers
from docs_index.paths import naming
from docs_index.quoting import glob_escaped, literal
from docs_index.resources import sql
from docs_index.warehouse.parsers import TextParser, parser_of

_SHARE = 5000  # files in one call of a worker
# Bytes of text that one query parses. With 8 MiB the C library returns the memory after
# each batch and requests it again; with 2 MiB the 3 milliseconds per query show.
_BATCH_BYTES = 4 * 2**20
_SHORT_BYTES = 200  # a parsed text of at most this size is stored whole
_FORM = 2  # of the facts: those of an older form are found again

Facts = dict[str, Any]
FACTS = {
    "cause": "string",
    "raw_bytes": "bigint",
    "raw_chars": "bigint",
    "content_hash": "string",
    "parsed_chars": "bigint",
    "parsed_from": "bigint",
    "parsed_bytes": "bigint",
    "parsed_text": "string",
    "signature": "string",
}
"""The facts about a response file, with their types: columns of int_responses__read."""


def read_responses(
    session: duckdb.DuckDBPyConnection,
    wanted: str,
    known: str | None,
    *,
    data_root: str,
    max_bytes: int,
    parser_sql: str,
    processes: int,
) -> duckdb.DuckDBPyRelation:
    """Return one answer for each row of `wanted` (folder, path, parser).

    `known` is an earlier answer; its facts are kept for files that have not changed.
    The result has the columns of the model int_responses__read.

    Raises:
        OSError, duckdb.Error, StorageError: reading failed; there are no answers.
    """
    reader = Reader(data_root, max_bytes, parser_sql)
    counted = session.execute(f"select count(*) from {wanted}").fetchall()[0][0]
    useful = min(processes, counted // _SHARE)
    with (
        scratch_folder(Path(data_root)) as folder,
        # dbt runs models in threads, which Ctrl-C does not reach.
        started_workers(useful, __name__, None, interruptible=True) as workers,
    ):
        _ask(session, wanted, known)
        questions = _shares(session, counted, folder)
        for answers in workers.map(reader.answer, questions):
            path = {"path": glob_escaped(answers)}
            session.execute(sql("warehouse/responses_taken.sql"), path)
    return session.sql(sql("warehouse/responses_answered.sql"))


def _ask(session: duckdb.DuckDBPyConnection, wanted: str, known: str | None) -> None:
    """Number the questions, and join the known facts to them."""
    session.execute(f"create or replace temp view wanted_files as from {wanted}")
    if known:
        session.execute(f"create or replace temp view known_files as from {known}")
    else:
        session.execute(sql("warehouse/responses_nothing_known.sql"))
    session.execute(sql("warehouse/responses_asked.sql"))


def _shares(
    session: duckdb.DuckDBPyConnection, counted: int, folder: Path
) -> Iterator[str]:
    """Yield files, each with a share of the questions."""
    for first in range(1, counted + 1, _SHARE):
        path = f"{folder}/asked_{first}.json"
        share = (
            f"from questions where asked_id between {first} and {first + _SHARE - 1}"
        )
        to = f"{literal(path)} (format json, array true)"
        session.execute(f"copy ({share}) to {to}")
        yield path


@dataclass(frozen=True)
class Reader:
    """Answers files of questions with files of answers, both as JSON arrays."""

    data_root: str
    max_bytes: int
    parser_sql: str

    def answer(self, asked: str) -> str:
        """Answer a share of the questions, and return the file with the answers."""
        with naming(asked):
            questions = json.loads(Path(asked).read_bytes())
        answers = self.answers(questions, parser_of(self.parser_sql))
        path = Path(asked).with_suffix(".answers")
        with naming(path):
            path.write_text(json.dumps(answers), encoding="utf-8")
        return str(path)

    def answers(self, questions: Iterable[Facts], parser: TextParser) -> list[Facts]:
        """Answer questions: asked_id, folder, path, parser, and the known signature.

        A response file that has not changed has no answer: its known facts still hold.
        """
        version = facts_version(self.parser_sql)
        folders: dict[str, Folder] = {}
        answers = Answers(parser)
        for question in questions:
            name = question["folder"]
            if name not in folders:
                folders[name] = Folder(f"{self.data_root}/{name}", self.max_bytes)
            facts = {"asked_id": question["asked_id"]}
            try:
                if question["signature"]:
                    now = folders[name].signature(question["path"])
                    if f"{now}:{version}" == question["signature"]:
                        continue
                response = folders[name].read(question["path"])
                facts |= _facts(response, version)
                if question["parser"]:
                    answers.parse(facts, question["parser"], response)
            except UnusableError as error:
                facts["cause"] = str(error)
            answers.add(facts)
        return answers.completed()


def facts_version(parser_sql: str) -> str:
    """Return what the signatures of answers end with: their form, and the parsers."""
    return hashlib.sha256(f"{_FORM}{parser_sql}".encode()).hexdigest()[:8]


def _facts(response: Response, version: str) -> Facts:
    return {
        "raw_bytes": len(response.content),
        "raw_chars": len(response.text),
        "content_hash": hashlib.sha256(response.content).hexdigest(),
        "signature": f"{response.signature}:{version}" if response.is_settled else None,
    }


class Answers:
    """Collects facts about files; parses many texts at a time, and drops them."""

    def __init__(self, parser: TextParser) -> None:
        self._parser = parser
        self._facts: list[Facts] = []
        self._unparsed: list[tuple[Facts, str, bytes]] = []
        self._bytes = 0

    def add(self, facts: Facts) -> None:
        """Add an answer."""
        self._facts.append(facts)

    def parse(self, facts: Facts, parser: str, response: Response) -> None:
        """Complete an answer with the parsed text, at once or with a later batch."""
        self._unparsed.append((facts, parser, response.content))
        self._bytes += len(response.content)
        if self._bytes >= _BATCH_BYTES:
            self._parse()

    def completed(self) -> list[Facts]:
        """Parse the remaining texts, and return all answers."""
        self._parse()
        return self._facts

    def _parse(self) -> None:
        texts = [(parser, content) for _, parser, content in self._unparsed]
        for (facts, _, content), parsed in zip(
            self._unparsed, self._parser.parse(texts), strict=True
        ):
            if parsed is not None:
                facts |= _parsed_facts(content, parsed)
        self._unparsed, self._bytes = [], 0


def _parsed_facts(raw: bytes, parsed: str) -> Facts:
    """Return where the parsed text is in the raw text, and a short text itself.

    A run then need not parse again. It parses a long text that is not one piece of the
    raw text. A short text may be a score, which SQL reads.
    """
    content = parsed.encode()
    start = raw.find(content)
    facts: Facts = {"parsed_chars": len(parsed), "parsed_bytes": len(content)}
    if start >= 0:
        facts["parsed_from"] = start
    if len(content) <= _SHORT_BYTES:
        facts["parsed_text"] = parsed
    return facts
