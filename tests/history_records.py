"""Make records of histories, spoil them, and write them as the files of a data root.

Everything is drawn from a ``random.Random``: one seed makes the same bytes always. The
records are invented. `history` gives mappings of many forms at once, since a build
takes long, and one can read dozens of sources.
"""

import csv
import gzip
import io
import json
import random
from collections.abc import Callable
from typing import Any, NamedTuple

from history_oracle import Num, compact

Row = dict[str, Any]

IDS = [
    "r1", "R1", "r1 ", " r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "a|b",
    "a|", "|b", "x:y", "x:", "p/q", "p/", "/q", "../up", ".", "é", "e\u0301",
    "\U0001f600", "\u202er", "\uff521", "\u00a0", "\u2028", "'", '"', "\\", "%s",
    "{{ x }}", "null", "0", "00", "-1", "1.0", "1e3", "\x00", "r\x00", "a\nb", "\x7f",
    "\ufeff", "\ufffd", "x" * 300,
]  # fmt: skip
MODELS = ["m1", "m2", "code:exact", "human:Ann", "a/b:c", "M1", "m1 "]
TASKS = ["t1", "t2", "t3", "t|4", "t1 ", "t/1"]
TEXTS = [
    "The harbour is quiet.", "", " ", "two\nlines\n", "a\r\nb\r", "\x00", "a\x00b",
    "\ufeffmarked", "SCORE: 7.5", "score: 8\n", "SCORE: 12", "SCORE 1 2 3", "é",
    "e\u0301", "\U0001f600", "\U0010ffff", "\ue000", "\u2028\u2029", "|", "null",
    "{}", "[1]", '{"text":"in"}', "=1+1", "'; drop table documents; --", "\\ud800",
    "x" * 5000, "\u202eright to left",
]  # fmt: skip
NUMBERS = [
    "0", "-0", "-0.0", "0.10", "7", "7.0", "9.99", "1e2", "1E-7", "1e-320", "5e-324",
    "1e400", "-1e400", "NaN", "Infinity", "-Infinity", "12345678901234567890123",
    "0.1000000000000000055511151231257827", "1e16", "123456789.123456789", "1e308",
    "123456789012345678", "1e22", "1.5e300",
]  # fmt: skip
SCORES = [
    "7", " 7 ", "+5", "5.", ".5", "1e3", "C", "7/10", "1,5", "true", "NaN", "nan",
    "inf", "0x10", "1_000", "\uff17", "", "  ", "-0.0", "1e400", "7\x00", "--1", "e5",
    "1e", ".", "9" * 400,
]  # fmt: skip
STATUSES = ["success", "SUCCESS", " success\t", "ok", "done", "error", "", "Success!"]
TIMES = {
    "iso": [
        "2025-03-01T10:00:00Z", "2025-03-01 10:00:00", "2025-03-01", "20250301T1000",
        "2025-03-01T10:00:00.123456789+02:00", "2025-03-01T10:00:00,5-0530",
        "2025-02-30", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-01:00", "0000-01-01", "10000-01-01", "infinity", "epoch",
        "2025-03-01T24:00:00", "2025-03-01T10:00:60", "2025-03-01T10", "1740823200",
        " 2025-03-01T10:00:00Z", "2025-03-01T10:00:00Z\n", "2025-03-01T10:00:00 UTC",
        "2025-07-01 12:30:00 gmt", "\uff12025-03-01", "2025-07-01T12:30+02", "", "  ",
        "today", "2025-3-1", "2025-03-01T10:00:00+24:00", "0001-01-01", "1900-06-01",
    ],
    "epoch": [
        "0", "-1", "1740823200", "1740823200.5", "1740823200.1234567", "1.7408232e9",
        "-62135596800", "-62135596801", "253402300799", "253402300800", "1e400", "NaN",
        "-0.0000001", "1740823200 ", "2025-03-01", "", "true", "12345678901234567890",
        "-1.5", "1e3", ".5", "5.", "+7", "0.9999999",
    ],
    "epoch_ms": [
        "0", "-1", "1740823200123", "1740823200123.4567", "1.7408232e12", "-0.0001",
        "-62135596800000", "253402300799999", "253402300800000", "x", "", "1e-3",
    ],
    "%d.%m.%Y %H:%M": [
        "01.03.2025 10:00", "30.02.2025 10:00", "01.03.2025", "2025-03-01 10:00",
        "31.12.9999 23:59", "01.01.0001 00:00", "01.07.2025 10:00", "",
    ],
}  # fmt: skip
NESTED = [
    [], {}, [[]], {"": ""}, ["a", None, Num("1e400"), True], {"a": {"b": ["c"]}},
    [{"text": "deep"}], {"text": {"text": "deeper"}}, [Num("0.10"), Num("NaN")],
]  # fmt: skip


class Source(NamedTuple):
    """A source: its mapping, the suffix of its files, and the form of its times."""

    keys: Row
    suffix: str = ".jsonl"
    files: int = 1
    turns: Callable[[random.Random, Row], object] | None = None


def optional(*parts: str) -> list[str]:
    return ["optional", *parts]


def fields(**changes: object) -> Row:
    """The keys of a mapping of all fields; None takes one out."""
    keys: Row = {
        "id": optional("id"),
        "task_id": optional("task"),
        "combo_id": optional("combo"),
        "template_id": optional("template"),
        "model_id": optional("model"),
        "created_at": optional("at"),
        "status": optional("status"),
        "prompt": optional("prompt"),
        "response": optional("text"),
        "score": optional("score"),
        "run_id": optional("run"),
        "keep": {"extra": optional("extra"), "n": optional("extra.n")},
    } | changes
    if keys["created_at"] and isinstance(keys["created_at"], list):
        keys["created_at"] = {"from": keys["created_at"]}
    return {name: value for name, value in keys.items() if value is not None}


def list_of_turns(rng: random.Random, _: Row) -> object:
    return [
        {"text": rng.choice(TEXTS), "n": str(n), "score": Num(n)}
        for n in range(rng.choice([0, 1, 2, 3]))
    ]


def lists_of_turns(rng: random.Random, row: Row) -> object:
    return [
        {"turns": list_of_turns(rng, row), "name": rng.choice(["a", "b"])}
        for _ in range(rng.choice([0, 1, 2]))
    ]


PARENT = {"id": optional("parent")}
SOURCES: dict[str, Source] = {
    "plain": Source(fields(follows=PARENT), files=2),
    "cells": Source(fields(follows=PARENT, stage="story"), ".csv"),
    "listed": Source(
        fields(
            follows={"source": "plain", **PARENT},
            status={"from": optional("status"), "success": ["OK", "done"]},
        ),
        ".json",
    ),
    "packed": Source(
        fields(
            follows={"task_id": optional("to_task"), "model_id": optional("to_model")}
        ),
        ".jsonl.gz",
    ),
    "packed_cells": Source(fields(stage="draft"), ".csv.gz", files=2),
    "nameless": Source(fields(id=None, combo_id=None, template_id=None), files=2),
    "taskless": Source(fields(id=None, task_id=None, score_text=optional("words"))),
    "chats": Source(
        fields(
            each="turns",
            id=["id", "#"],
            response=optional(".text"),
            follows={"id": ["id", "#-1"]},
            task_id=optional("task", ".n", "= turn"),
        ),
        turns=list_of_turns,
    ),
    "branches": Source(
        fields(
            each=["turns", "turns"],
            id=None,
            response=optional(".text"),
            run_id=["file /_(.)/", "= x"],
            where={"model": ["m1", "m2", None], "status": "success"},
        ),
        ".json",
        turns=lists_of_turns,
    ),
    "seconds": Source(
        fields(created_at={"from": optional("at"), "as": "epoch"}, prompt=None)
    ),
    "thousandths": Source(
        fields(created_at={"from": optional("at"), "as": "epoch_ms"}), ".csv"
    ),
    "written": Source(
        fields(
            created_at={
                "from": optional("at"), "as": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin",
            }
        ),
        ".json",
    ),
    "local": Source(
        fields(created_at={"from": optional("at"), "zone": "America/New_York"}),
        ".json.gz",
    ),
    "marked": Source(fields(parser="in_last_line", stage="essay", score=None)),
    "judged": Source(
        fields(
            kind="judgement", targets=[PARENT | {"source": "plain"}],
            score_text=optional("words"),
        )
    ),
    "compared": Source(
        fields(
            kind="judgement",
            stage="evaluation",
            parser="in_last_line",
            targets=[
                {"source": "cells", **PARENT},
                {
                    "source": "plain", "task_id": optional("to_task"),
                    "model_id": optional("to_model"),
                },
            ],
        ),
        ".csv",
    ),
    "graded": Source(
        fields(
            kind="judgement",
            each="turns",
            id=["id", ".n"],
            score=optional(".score"),
            response=None,
            targets=[{"source": "plain", **PARENT}, {"source": "draft", "id": "task"}],
        ),
        ".csv",
        turns=lambda rng, row: compact(list_of_turns(rng, row)),
    ),
}  # fmt: skip


def record(rng: random.Random, name: str, ids: list[str]) -> Row:
    """A record that nothing is wrong with, most of the time."""
    source = SOURCES[name]
    made: Row = {
        "id": rng.choice(ids),
        "task": rng.choice(TASKS),
        "combo": rng.choice(["c1", "c2", "c|3"]),
        "template": rng.choice(["plain", "long"]),
        "model": rng.choice(MODELS[:3]),
        "status": "success" if name != "listed" else "ok",
        "at": time(rng, source, is_good=True),
        "prompt": rng.choice(["Write.", "Write more.", None]),
        "text": rng.choice(TEXTS[:4]),
        "score": rng.choice([None, Num("7"), Num("2.5"), "C"]),
        "words": rng.choice([None, None, "good"]),
        "run": rng.choice(["run1", "run2"]),
        "extra": rng.choice([None, {"n": Num("1"), "x": ["y"]}]),
        "parent": rng.choice([None, None, rng.choice(ids)]),
        "to_task": rng.choice([None, None, rng.choice(TASKS)]),
        "to_model": rng.choice(MODELS[:3]),
    }
    if source.keys.get("kind") == "judgement":
        made |= {"parent": rng.choice(ids), "to_task": rng.choice(TASKS)}
    if source.turns:
        made["turns"] = source.turns(rng, made)
    return made


def time(rng: random.Random, source: Source, *, is_good: bool) -> object:
    asked = source.keys.get("created_at", {})
    form = asked.get("as", "iso")
    text = TIMES[form][0] if is_good else rng.choice(TIMES[form])
    if form.startswith("epoch") and rng.random() < 0.5 and text.strip():
        return Num(text) if is_json_number(text) else text
    return text


def is_json_number(text: str) -> bool:
    try:
        return isinstance(json.loads(text), int | float) and text not in ("true",)
    except ValueError:
        return False


def mutate(rng: random.Random, name: str, row: Row, ids: list[str]) -> Row:
    """Change one value of a record."""
    row = dict(row)
    key = rng.choice(list(row))
    kind = rng.randrange(10)
    if kind == 0:
        del row[key]
    elif kind == 1:
        row[key] = rng.choice([None, "", " ", "\t\r\n", "\u00a0"])
    elif kind == 2:
        row[key] = rng.choice(NESTED)
    elif kind == 3:
        row[key] = rng.choice([Num(rng.choice(NUMBERS)), True, False])
    elif kind == 4:
        row[key] = rng.choice(TEXTS)
    elif kind == 5:
        row["id"] = rng.choice(IDS)
    elif kind == 6:
        row["score"] = rng.choice([rng.choice(SCORES), Num(rng.choice(NUMBERS))])
        row["text"] = rng.choice([None, row.get("text")])
    elif kind == 7:
        row["at"] = time(rng, SOURCES[name], is_good=False)
    elif kind == 8:
        row["status"] = rng.choice(STATUSES)
    else:
        row |= {"parent": rng.choice([row.get("id"), rng.choice(ids), "nobody"])}
    return row


def json_text(rng: random.Random, row: Row) -> bytes:
    """A record as JSON, spoiled as text now and then."""
    text = compact(row)
    kind = rng.randrange(30)
    if kind == 0:
        return text.encode()[: rng.randrange(len(text))].replace(b"\n", b"")
    if kind == 1:
        at = rng.randrange(len(text))
        return (
            text[:at].encode()
            + rng.choice([b"\xff", b"\xc3", b"\xed\xa0\x80"])
            + (text[at:].encode())
        )
    if kind == 2:
        return text.replace('"', '"\\ud83d', rng.choice([1, 2])).encode()
    if kind == 3:
        return text.replace("{", '{"text":"first",', 1).encode()
    if kind == 4:
        return rng.choice([b"[]", b"7", b"null", b'"text"', b"true", b"{}", b"NaN"])
    if kind == 5:
        levels = rng.choice([199, 200, 400, 700, 990, 100_000])
        value = b"[" * levels + b"]" * levels
        return b'{"id":"%d","model":"m1","status":"success","text":%b}' % (
            levels,
            value,
        )
    if kind == 6:
        return json.dumps(plain(row), ensure_ascii=True).encode()
    if kind == 7:
        return b"  " + text.replace('":', '" : ').encode() + b"\t\r"
    if kind == 8:
        return text.encode() + rng.choice([b",", b"}", b" {}", b"x", b"\x00"])
    if kind == 9:
        return (
            b'{"id":"\\ud83d\\ude00","model":"m1","status":"ok","text":[[["\\u00e9"]]]}'
        )
    return text.encode()


def plain(value: Any) -> Any:
    """The value with numbers as Python has them, which json can write."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return list(map(plain, value))
    return json.loads(value) if isinstance(value, Num) else value


def lines(rng: random.Random, rows: list[Row]) -> bytes:
    """A file of JSON lines."""
    made = []
    for row in rows:
        text = json_text(rng, row)
        made.append(text)
        if rng.random() < 0.05:
            made.append(rng.choice([b"", b" \t", b"\r"]))
    start = rng.choice([b"", b"", b"\xef\xbb\xbf"])
    return start + b"\n".join(made) + rng.choice([b"", b"\n", b"\r\n"])


def elements(rng: random.Random, rows: list[Row]) -> bytes:
    """A file of one JSON list, torn now and then."""
    made = [
        text
        for text in (json_text(random.Random(rng.random()), row) for row in rows)
        if is_whole(text)
    ]
    gap = rng.choice([b",", b",\n", b" ,\r\n\t"])
    text = b"[" + gap.join(made) + b"]"
    if rng.random() < 0.3:
        text = text[: len(text) * 3 // 4]
    return text + rng.choice([b"", b"\n"])


def is_whole(text: bytes) -> bool:
    try:
        json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return True


def cells(rng: random.Random, rows: list[Row], header: list[str]) -> bytes:
    """A CSV file; rows have too many or too few values now and then."""
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        lineterminator=rng.choice(["\n", "\r\n"]),
    )
    writer.writerow(header)
    for row in rows:
        values = [cell(row.get(name)) for name in header]
        kind = rng.randrange(25)
        if kind == 0:
            values.append("more")
        elif kind == 1:
            values.pop()
        writer.writerow(values)
        if kind == 2:
            text.write(rng.choice(["\n", '"torn"x,y\n', '"a""\n']))
    data = text.getvalue().encode()
    if rng.random() < 0.3:
        data = data.replace(b"harbour", b"harb\xffour", 1)
    if rng.random() < 0.2:
        data += b'"never closed,1\n2'
    return rng.choice([b"", b"\xef\xbb\xbf"]) + data


def cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else compact(value)


def written(rng: random.Random, name: str, rows: list[Row]) -> bytes:
    """The bytes of a file of a source."""
    suffix = SOURCES[name].suffix
    plain_suffix = suffix.removesuffix(".gz")
    if plain_suffix == ".csv":
        header = list(dict.fromkeys(key for row in rows for key in row)) or ["id"]
        data = cells(rng, rows, header)
    elif plain_suffix == ".jsonl":
        data = lines(rng, rows)
    else:
        data = elements(rng, rows)
    if suffix.endswith(".gz"):
        data = gzip.compress(data, mtime=0)
        if rng.random() < 0.4:
            data = data[: -rng.randrange(1, len(data) // 2)]
    return data


def rows_of(rng: random.Random, name: str, count: int) -> list[Row]:
    """Records of a source: good, mutated, copied and conflicting ones."""
    ids = rng.sample(IDS[:24], 5) + [f"{name}{n}" for n in range(count)]
    if name not in ("plain", "cells"):
        ids += [f"{other}{n}" for other in ("plain", "cells") for n in range(count)]
    rows: list[Row] = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.15 and rows:
            row = rng.choice(rows) | {"run": rng.choice(["run1", "again"])}
        else:
            row = record(rng, name, ids)
            if rng.random() < 0.85:
                row["id"] = f"{name}{len(rows)}"
        if kind > 0.55:
            row = mutate(rng, name, row, ids)
        if kind > 0.9:
            row = mutate(rng, name, row, ids)
        rows.append(row)
    return rows


def history(
    rng: random.Random, count: int, names: list[str] | None = None
) -> tuple[Row, dict[str, bytes]]:
    """The content of histories.yml, and the files that it names, of about `count` rows.

    Most of it is spoiled in some way, but nothing that a whole file is refused for.
    """
    names = names or list(SOURCES)
    sources: Row = {}
    files: dict[str, bytes] = {}
    for name in names:
        source = SOURCES[name]
        rows = rows_of(rng, name, max(1, count // len(names)))
        size = -(-len(rows) // source.files)
        for number in range(source.files):
            part = rows[number * size : (number + 1) * size]
            files[f"{name}/f_{number}{source.suffix}"] = written(rng, name, part)
        sources[name] = {"files": f"{name}/*{source.suffix}"} | source.keys
    return {"sources": sources}, files
