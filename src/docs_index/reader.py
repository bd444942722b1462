"""Read many response files, a share per process, and hand back facts, not texts.

The build asks for (folder, path, parser); each is answered with sizes, hash and the
length of the parsed text. A file that cannot be used is an answer too. Texts are
read once, parsed by the build's own SQL, and dropped: memory does not grow with them.
Run as `python -m docs_index.reader ORDER.json`, by `read_responses` alone.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import duckdb

from docs_index.parsing import TextParser
from docs_index.responses import Folder, Response, UnusableError

_SHARE = 2000  # files that are worth a process of their own
_BATCH = 500
_BATCH_CHARS = 4 * 2**20


@dataclass(frozen=True)
class Order:
    """What one process reads; `asked` and `answers` are newline-delimited JSON."""

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
    session.execute(_ASK.format(wanted=wanted, known=known or _NOTHING_KNOWN))
    counted = session.execute("select count(*) from asked").fetchall()[0][0]
    shares = max(1, min(processes, counted // _SHARE))
    with tempfile.TemporaryDirectory(prefix="docs_index_") as folder:
        running = []
        for share in range(shares):
            made = Order(
                data_root,
                max_bytes,
                parser_sql,
                asked=f"{folder}/asked_{share}.json",
                answers=f"{folder}/answers_{share}.json",
            )
            session.execute(
                f"copy (select * from asked where asked_id * {shares} // {counted + 1} "
                f"= {share} order by asked_id) to '{made.asked}' (format json)"
            )
            running.append(_start(made) if processes else answer(made))
        for process in running:
            if process is not None and process.wait() != 0:
                raise RuntimeError("a reader of response files failed; see its message")
        session.execute(_TAKE.format(answers=f"{folder}/answers_*.json"))
    return session.table("answered")


def _start(order: Order) -> subprocess.Popen[bytes]:
    path = Path(order.asked).with_suffix(".order")
    path.write_text(json.dumps(asdict(order)))
    return subprocess.Popen([sys.executable, "-m", "docs_index.reader", str(path)])


_NOTHING_KNOWN = """
    (select null::varchar as folder, null::varchar as path, null::varchar as parser,
        null::varchar as cause, null::bigint as raw_bytes, null::bigint as raw_chars,
        null::varchar as content_hash, null::bigint as parsed_chars,
        null::varchar as signature where false)"""

_ASK = """
    create or replace temp table asked as
    select
        row_number() over (order by wanted.folder, wanted.path, wanted.parser)
            as asked_id,
        wanted.folder, wanted.path, wanted.parser, known.signature, known.cause,
        known.raw_bytes, known.raw_chars, known.content_hash, known.parsed_chars
    from {wanted} as wanted
    left join {known} as known
        on wanted.folder = known.folder
        and wanted.path = known.path
        and wanted.parser = known.parser"""

_TAKE = """
    create or replace temp table answered as
    select
        asked.folder, asked.path, asked.parser,
        case when is_known then asked.cause else answers.cause end as cause,
        case when is_known then asked.raw_bytes else answers.raw_bytes end
            as raw_bytes,
        case when is_known then asked.raw_chars else answers.raw_chars end
            as raw_chars,
        case when is_known then asked.content_hash else answers.content_hash end
            as content_hash,
        case when is_known then asked.parsed_chars else answers.parsed_chars end
            as parsed_chars,
        case when is_known then asked.signature else answers.signature end
            as signature
    from asked
    join read_json(
        '{answers}', format = 'newline_delimited', columns = {{
            asked_id: 'bigint', is_known: 'boolean', cause: 'varchar',
            raw_bytes: 'bigint', raw_chars: 'bigint', content_hash: 'varchar',
            signature: 'varchar', parsed_chars: 'bigint'
        }}
    ) as answers using (asked_id)"""


def answer(order: Order) -> None:
    """Carry out one order in this process."""
    version = hashlib.sha256(order.parser_sql.encode()).hexdigest()[:8]
    folders: dict[str, Folder] = {}
    with open(order.asked) as lines, open(order.answers, "w") as answers:
        unparsed = Unparsed(TextParser(order.parser_sql), answers)
        for asked in map(json.loads, lines):
            name = asked["folder"]
            if name not in folders:
                folders[name] = Folder(f"{order.data_root}/{name}", order.max_bytes)
            facts = {"asked_id": asked["asked_id"], "is_known": False}
            try:
                signature = folders[name].signature(asked["path"])
                facts["is_known"] = f"{signature}:{version}" == asked["signature"]
                if not facts["is_known"]:
                    response = folders[name].read(asked["path"])
                    facts |= _facts(response, version)
                    if asked["parser"]:
                        unparsed.add(facts, asked["parser"], response.text)
                        continue
            except UnusableError as error:
                facts["cause"] = str(error)
            _write(answers, facts)
        unparsed.flush()


def _facts(response: Response, version: str) -> dict[str, Any]:
    return {
        "raw_bytes": len(response.content),
        "raw_chars": len(response.text),
        "content_hash": hashlib.sha256(response.content).hexdigest(),
        "signature": f"{response.signature}:{version}" if response.is_settled else None,
    }


def _write(answers: TextIO, facts: dict[str, Any]) -> None:
    json.dump(facts, answers)
    answers.write("\n")


class Unparsed:
    """Texts that wait to be parsed in one query; bounded in number and in size."""

    def __init__(self, parser: TextParser, answers: TextIO) -> None:
        self._parser = parser
        self._answers = answers
        self._waiting: list[tuple[dict[str, Any], str, str]] = []
        self._chars = 0

    def add(self, facts: dict[str, Any], parser: str, text: str) -> None:
        """Take a text; parses what waits once that is enough for one query."""
        self._waiting.append((facts, parser, text))
        self._chars += len(text)
        if len(self._waiting) >= _BATCH or self._chars >= _BATCH_CHARS:
            self.flush()

    def flush(self) -> None:
        """Parse what waits and write its answers."""
        texts = [(parser, text) for _, parser, text in self._waiting]
        for (facts, _, _), parsed in zip(
            self._waiting, self._parser.parse(texts), strict=True
        ):
            _write(self._answers, facts | {"parsed_chars": None if parsed is None else len(parsed)})
        self._waiting, self._chars = [], 0


if __name__ == "__main__":
    answer(Order(**json.loads(Path(sys.argv[1]).read_text())))
