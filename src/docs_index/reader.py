"""Read many response files, a share per process, and hand back facts, not texts.

The build asks for (folder, path, parser); each is answered with sizes, hash and the
length of the parsed text. A file that cannot be used is an answer too. Texts are
read once, parsed by the build's own SQL, and dropped: memory does not grow with them.
Run as `python -m docs_index.reader`, by `read_responses` alone.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import duckdb

from docs_index.parsing import TextParser
from docs_index.quoting import glob_escaped, literal
from docs_index.responses import Folder, Response, UnusableError
from docs_index.scratch import scratch_folder

_FEW = 200  # files that this process reads itself
_SHARE = 2000  # files that are worth a process of their own
_BATCH = 5000  # answers that are written at a time, and texts parsed in one query
_BATCH_BYTES = 8 * 2**20
_SHORT_BYTES = 200  # a parsed text that is kept as it is


@dataclass(frozen=True)
class Order:
    """What one process reads; `asked` is newline-delimited JSON, `answers` an array.

    What is known of an unchanged file stands: it is not answered.
    """

    data_root: str
    max_bytes: int
    parser_sql: str
    asked: str
    answers: str


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
    """Answer the relation `wanted` (folder, path, parser), one row each.

    What `known`, an earlier answer, says of an unchanged file is taken over. The
    result has the columns of the model int_responses__read.
    """
    counted = session.execute(f"select count(*) from {wanted}").fetchall()[0][0]
    shares = max(1, min(processes, counted // _SHARE))
    with scratch_folder(Path(data_root)) as folder, ExitStack() as stack:
        started = shares if processes and counted > _FEW else 0
        readers = [stack.enter_context(_started()) for _ in range(started)]
        session.execute(_ASK.format(wanted=wanted, known=known or _NOTHING_KNOWN))
        for share in range(shares):
            made = Order(
                data_root,
                max_bytes,
                parser_sql,
                asked=f"{folder}/asked_{share}.json",
                answers=f"{folder}/answers_{share}.json",
            )
            session.execute(
                f"copy (select {_ASKED} from asked "
                f"where asked_id % {shares} = {share}) "
                f"to {literal(made.asked)} (format json)"
            )
            if readers:
                _hand_over(readers[share], made)
            else:
                answer(made)
        for reader in readers:
            if reader.wait() != 0:
                raise RuntimeError("a reader of response files failed; see its message")
        session.execute(_TAKE, [f"{glob_escaped(folder)}/answers_*.json"])
    return session.table("answered")


def _started() -> subprocess.Popen[str]:
    """Start a process that waits for its order; without one it ends."""
    command = [sys.executable, "-m", "docs_index.reader"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, text=True)


def _hand_over(reader: subprocess.Popen[str], order: Order) -> None:
    assert reader.stdin is not None
    with suppress(BrokenPipeError), reader.stdin as orders:
        orders.write(json.dumps(asdict(order)))


_FACTS = {
    "cause": "varchar",
    "raw_bytes": "bigint",
    "raw_chars": "bigint",
    "content_hash": "varchar",
    "parsed_chars": "bigint",
    "parsed_from": "bigint",
    "parsed_bytes": "bigint",
    "parsed_text": "varchar",
    "signature": "varchar",
}
_KEY = ("folder", "path", "parser")
_ASKED = ", ".join(("asked_id", *_KEY, "signature"))

_NOTHING_KNOWN = "(select {} where false)".format(
    ", ".join(
        f"null::{kind} as {name}"
        for name, kind in {**dict.fromkeys(_KEY, "varchar"), **_FACTS}.items()
    )
)

_ASK = f"""
    create or replace temp table asked as
    select
        row_number() over () as asked_id,
        {", ".join(f"wanted.{name}" for name in _KEY)},
        {", ".join(f"known.{name}" for name in _FACTS)}
    from {{wanted}} as wanted
    left join {{known}} as known
        on {" and ".join(f"wanted.{name} = known.{name}" for name in _KEY)}"""

_TAKE = f"""
    create or replace temp table answered as
    select
        {", ".join(f"asked.{name}" for name in _KEY)},
        {
    ", ".join(
        f"case when answers.asked_id is null then asked.{name} "
        f"else answers.{name} end as {name}"
        for name in _FACTS
    )
}
    from asked
    left join read_json(
        $1, format = 'array', hive_partitioning = false, columns = {{
            asked_id: 'bigint',
            {", ".join(f"{name}: '{kind}'" for name, kind in _FACTS.items())}
        }}
    ) as answers using (asked_id)"""


def answer(order: Order) -> None:
    """Carry out one order in this process."""
    version = hashlib.sha256(order.parser_sql.encode()).hexdigest()[:8]
    folders: dict[str, Folder] = {}
    with (
        open(order.asked, encoding="utf-8") as questions,
        open(order.answers, "w", encoding="utf-8") as file,
    ):
        answers = Answers(TextParser(order.parser_sql), file)
        for asked in _records(questions):
            name = asked["folder"]
            if name not in folders:
                folders[name] = Folder(f"{order.data_root}/{name}", order.max_bytes)
            facts = {"asked_id": asked["asked_id"]}
            try:
                if asked["signature"]:
                    now = folders[name].signature(asked["path"])
                    if f"{now}:{version}" == asked["signature"]:
                        continue
                response = folders[name].read(asked["path"])
                facts |= _facts(response, version)
                if asked["parser"]:
                    answers.parse(facts, asked["parser"], response)
            except UnusableError as error:
                facts["cause"] = str(error)
            answers.add(facts)
        answers.close()


def _records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the objects of newline-delimited JSON, decoded many at a time."""
    remaining = iter(lines)
    while some := list(islice(remaining, _BATCH)):
        yield from json.loads(f"[{','.join(some)}]")


def _facts(response: Response, version: str) -> dict[str, Any]:
    return {
        "raw_bytes": len(response.content),
        "raw_chars": len(response.text),
        "content_hash": hashlib.sha256(response.content).hexdigest(),
        "signature": f"{response.signature}:{version}" if response.is_settled else None,
    }


class Answers:
    """A JSON array of facts that is written and parsed for many answers at a time."""

    def __init__(self, parser: TextParser, file: TextIO) -> None:
        self._parser = parser
        self._file = file
        self._before = "["
        self._facts: list[dict[str, Any]] = []
        self._unparsed: list[tuple[dict[str, Any], str, bytes]] = []
        self._bytes = 0

    def parse(self, facts: dict[str, Any], parser: str, response: Response) -> None:
        """Let facts that are added next be completed by what the parser finds."""
        self._unparsed.append((facts, parser, response.content))
        self._bytes += len(response.content)

    def add(self, facts: dict[str, Any]) -> None:
        """Take an answer; writes what there is once that is worth a query."""
        self._facts.append(facts)
        if len(self._facts) == _BATCH or self._bytes >= _BATCH_BYTES:
            self._write()

    def close(self) -> None:
        """Write the rest, and end the array."""
        self._write()
        self._file.write("]" if self._before == "," else "[]")

    def _write(self) -> None:
        texts = [(parser, content) for _, parser, content in self._unparsed]
        for (facts, _, content), parsed in zip(
            self._unparsed, self._parser.parse(texts), strict=True
        ):
            if parsed is not None:
                facts |= _parsed_facts(content, parsed)
        if self._facts:
            self._file.write(self._before + json.dumps(self._facts)[1:-1])
            self._before = ","
        self._facts, self._unparsed, self._bytes = [], [], 0


def _parsed_facts(raw: bytes, parsed: str) -> dict[str, Any]:
    """Say where the parsed text stands in the raw one, or if it is short, what it is.

    Whoever writes it then need not parse again; a long text that does not stand there
    in one piece is left for them to parse.
    """
    content = parsed.encode()
    start = raw.find(content)
    facts: dict[str, Any] = {"parsed_chars": len(parsed), "parsed_bytes": len(content)}
    if start >= 0:
        facts["parsed_from"] = start
    elif len(content) <= _SHORT_BYTES:
        facts["parsed_text"] = parsed
    return facts


if __name__ == "__main__":
    try:
        if text := sys.stdin.read():
            answer(Order(**json.loads(text)))
    except OSError as error:
        sys.exit(f"error: {error}")
