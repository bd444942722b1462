"""Make small files of the six tools, with records that are spoiled.

The records are invented. What tells a file's version stays as it is unless a test asks
for more, so that most files are read: what a program makes of the rest is then up to
its models. Everything is drawn from a ``random.Random``.
"""

import copy
import gzip
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from history_oracle import Num, compact
from history_records import NUMBERS, TEXTS, TIMES

Row = dict[str, Any]
STAMP = "2025-03-01T10-00-00.000000"
ODD: list[Any] = [
    None, True, False, "", " ", [], {}, [[]], [None], {"": ""}, [{}], {"a": []},
    {"type": "text", "text": None}, {"role": "user", "content": [{"type": "x"}]},
    "attachment://x", "null", "[", '{"a":', "{}", "[1]", '"x"', "0", "-1", "1e400",
    "9" * 30, "x" * 3000, {"id": 7}, [7], "2025-03-01T10:00:00Z",
]  # fmt: skip


def spoiled(rng: random.Random, value: Any, changes: int) -> Any:
    """Return a value with so many places in it changed."""
    value = copy.deepcopy(value)
    for _ in range(changes):
        places = list(places_in(value))
        if not places:
            break
        around, key = rng.choice(places)
        kind = rng.randrange(8)
        if kind == 0:
            del around[key]
        elif kind == 1:
            around[key] = Num(rng.choice(NUMBERS))
        elif kind == 2:
            around[key] = rng.choice(TEXTS)
        elif kind == 3:
            around[key] = rng.choice(TIMES[rng.choice(list(TIMES))])
        elif kind == 4:
            other, its_key = rng.choice(places)
            if its_key in (other if isinstance(other, dict) else range(len(other))):
                around[key] = copy.deepcopy(other[its_key])
        elif kind == 5:
            around[key] = [around[key]]
        else:
            around[key] = copy.deepcopy(rng.choice(ODD))
    return value


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every member of every list and object, with what it is in."""
    found: list[tuple[Any, Any]] = []
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, inner in pairs:
        found.append((value, key))
        found += places_in(inner)
    return found


def spoiled_text(rng: random.Random, value: Any) -> bytes:
    """The JSON of a record, spoiled as a value most of the time, or as a text."""
    text = compact(spoiled(rng, value, rng.choice([0, 1, 1, 2, 4]))).encode()
    kind = rng.randrange(20)
    if kind == 0:
        return text[: rng.randrange(len(text))].replace(b"\n", b"")
    if kind == 1:
        return text.replace(b'"', b'"\\ud83d', 1)
    if kind == 2:
        return text.replace(b":", b":\xff", 1)
    return text


def message(role: str, text: str) -> Row:
    return {"role": role, "content": text, "id": role[:1]}


def inspect_sample(number: int) -> Row:
    return {
        "id": number, "epoch": 1, "uuid": f"u{number}", "input": "Write of a harbour.",
        "target": ["quiet"], "completed_at": "2025-03-01T10:00:00+00:00",
        "messages": [message("user", "Write."), message("assistant", "Quiet.")],
        "output": {
            "model": "mock/model",
            "choices": [
                {"message": message("assistant", "Quiet."), "stop_reason": "stop"}
            ],
            "usage": {"total_tokens": 3},
        },
        "scores": {
            "exact": {"value": "C", "answer": "Quiet.", "explanation": "It is."},
            "grade": {
                "value": {"style": 7, "length": 3},
                "metadata": {"grading": [message("user", "Judge."),
                             message("assistant", "7") | {"model": "mock/judge"}]},
            },
        },
        "attachments": {"x": "A long text."}, "events": [], "metadata": {"n": 1},
    }  # fmt: skip


def inspect_log(
    rng: random.Random, number: int, count: int, *, is_whole: bool
) -> bytes:
    log = {
        "version": 2, "status": "success",
        "eval": {
            "eval_id": f"e{number}", "run_id": "run", "task": "harbour", "task_id": "t",
            "created": "2025-03-01T09:00:00+00:00", "model": "mock/model",
            "task_version": 0, "task_args": {"n": 1}, "solver": "plain",
            "scorers": [
                {"name": "exact"}, {"name": "grade", "options": {"model": "m"}},
            ],
        },
        "plan": {"steps": []}, "results": {"scores": []},
    }  # fmt: skip
    if not is_whole:
        log = spoiled(rng, log, 2)
    samples = [spoiled_text(rng, inspect_sample(n)) for n in range(count)]
    samples = [each for each in samples if not is_whole or is_json(each)]
    rest = compact(log).encode()
    middle = b"" if rest == b"{}" else b","
    return rest[:-1] + middle + b'"samples":[' + b",".join(samples) + b"]}"


def is_json(text: bytes) -> bool:
    try:
        json.loads(text.decode("utf-8", "replace"))
    except ValueError:
        return False
    return True


def lm_eval_sample(number: int) -> Row:
    return {
        "doc_id": number, "doc": {"q": "Where?"}, "target": "harbour",
        "arguments": {"gen_args_0": {"arg_0": "Where?", "arg_1": {"until": ["."]}}},
        "resps": [["In the harbour."]], "filtered_resps": ["harbour"],
        "filter": "none", "metrics": ["exact_match"], "exact_match": 1.0,
        "doc_hash": f"h{number}",
    }  # fmt: skip


def lm_eval_results() -> Row:
    return {
        "results": {"task": {"exact_match,none": 1.0}}, "date": 1740823200.5,
        "model_name": "mock", "config": {"model": "mock"}, "versions": {"task": 1},
        "n-shot": {"task": 0}, "configs": {"task": {"task": "task", "repeats": 1}},
    }  # fmt: skip


def batch_line(number: int) -> Row:
    return {
        "id": f"batch_req_{number}", "custom_id": f"c{number}", "error": None,
        "response": {
            "status_code": 200,
            "body": {
                "id": f"x{number}", "object": "chat.completion", "created": 1740823200,
                "model": "mock",
                "choices": [
                    {"index": 0, "message": message("assistant", "Quiet."),
                     "finish_reason": "stop"},
                ],
                "usage": {"total_tokens": 3},
            },
        },
    }  # fmt: skip


def batch_response(number: int) -> Row:
    line = batch_line(number)
    line["response"]["body"] = {
        "id": f"x{number}", "object": "response", "created_at": 1740823200,
        "status": "completed", "model": "mock",
        "output": [
            {"type": "message", "role": "assistant",
             "content": [{"type": "output_text", "text": "Quiet."}]},
        ],
    }  # fmt: skip
    return line


def batch_request(number: int) -> Row:
    return {
        "custom_id": f"c{number}", "method": "POST", "url": "/v1/chat/completions",
        "body": {"model": "mock", "messages": [message("user", "Write.")]},
    }  # fmt: skip


def promptfoo_result(number: int) -> Row:
    return {
        "id": f"p{number}", "promptIdx": 0, "testIdx": number, "promptId": "pid",
        "prompt": {"raw": "Write.", "label": "plain"}, "success": True, "score": 1,
        "provider": {"id": "mock:model", "label": ""}, "failureReason": 0,
        "response": {"output": "Quiet.", "tokenUsage": {"total": 3}, "cached": False},
        "testCase": {"vars": {"place": "harbour"}, "assert": []}, "latencyMs": 3,
        "gradingResult": {
            "pass": True, "score": 1, "reason": "Good.",
            "componentResults": [
                {"pass": True, "score": 0.5, "reason": "It is.",
                 "assertion": {"type": "contains", "value": "Q"}},
                {"pass": True, "score": 1, "reason": "Judged.",
                 "assertion": {"type": "llm-rubric", "provider": "mock:judge"},
                 "metadata": {"renderedGradingPrompt": "Judge."}},
            ],
        },
    }  # fmt: skip


def promptfoo_export(rng: random.Random, count: int) -> bytes:
    results = [spoiled_text(rng, promptfoo_result(n)) for n in range(count)]
    good = b",".join(each for each in results if is_json(each))
    return b'{"evalId":"e","results":{"version":3,"results":[' + good + b"]}}"


def lines_of(rng: random.Random, first: list[Row], rows: list[Row]) -> bytes:
    made = [compact(row).encode() for row in first]
    made += [spoiled_text(rng, row) for row in rows]
    return b"\n".join(made) + b"\n"


TableRows = dict[str, list[Row]]


def llm_tables(count: int) -> TableRows:
    names = ("m001_initial", "m010_create_new_log_tables", "m027_turns_response_json")
    turns: list[Row] = [
        {
            "id": f"t{n}",
            "thread_id": "th",
            "model": "mock",
            "resolved_model": None,
            "parent_message_hash": f"q{n}",
            "tip_message_hash": f"a{n}",
            "datetime_utc": "2025-03-01T10:00:00+00:00",
            "options_json": "{}",
            "input_tokens": 3,
            "output_tokens": 4,
            "duration_ms": 5,
        }
        for n in range(count)
    ]
    messages: list[Row] = []
    parts: list[Row] = []
    for n in range(count):
        above = f"a{n - 1}" if n else None
        messages += [
            {"hash": f"q{n}", "parent_hash": above, "role": "user"},
            {"hash": f"a{n}", "parent_hash": f"q{n}", "role": "assistant"},
        ]
        parts += [
            {"message_hash": f"{who}{n}", "position": 0, "type": "text",
             "text": text, "payload": None}
            for who, text in (("q", "Write."), ("a", "Quiet."))
        ]  # fmt: skip
    responses: list[Row] = [
        {
            "id": f"r{n}",
            "model": "mock",
            "prompt": "Write.",
            "system": None,
            "response": "Quiet.",
            "conversation_id": "co",
            "options_json": "{}",
            "datetime_utc": "2025-03-01T10:00:00",
            "duration_ms": 5,
        }
        for n in range(count)
    ]
    return {
        "_llm_migrations": [{"name": name, "migration_set": "llm"} for name in names],
        "turns": turns, "messages": messages, "parts": parts, "responses": responses,
        "conversations": [{"id": "co", "name": "talk", "model": "mock"}],
        "threads": [{"id": "th", "forked_from": None}],
        "fragments": [{"id": 1, "content": "A fragment."}],
    }  # fmt: skip


def promptfoo_tables(count: int) -> TableRows:
    texts = {"testCase": "test_case", "prompt": "prompt", "provider": "provider",
             "response": "response", "gradingResult": "grading_result"}  # fmt: skip
    results: list[Row] = []
    for n in range(count):
        made = promptfoo_result(n)
        row = {column: compact(plain(made[key])) for key, column in texts.items()}
        results.append(
            {"id": made["id"], "eval_id": "e", "prompt_id": "pid", "success": 1,
             "score": 1.0, "failure_reason": 0, "error": None, "latency_ms": 3,
             "cost": 0.1, "metadata": "{}", "created_at": 1740823200000} | row
        )  # fmt: skip
    times = [1710348564252, 1732340901582]
    return {
        "__drizzle_migrations": [
            {"id": n, "created_at": t} for n, t in enumerate(times)
        ],
        "evals": [{"id": "e", "created_at": 1740823200000, "results": "{}"}],
        "eval_results": results,
    }


def mlflow_tables(count: int) -> TableRows:
    content = {
        "attributes": {
            "mlflow.spanInputs": '{"messages":[{"role":"user","content":"Write."}]}',
            "mlflow.spanOutputs": '{"choices":[{"message":{"content":"Quiet."}}]}',
            "mlflow.llm.model": '"mock"',
        }
    }
    return {
        "alembic_version": [{"version_num": "a1b2c3d4e5f6"}],
        "trace_info": [
            {"request_id": f"tr{n}", "timestamp_ms": 1740823200000, "status": "OK",
             "execution_time_ms": 5, "trace_name": "talk"}
            for n in range(count)
        ],
        "trace_tags": [{"request_id": "tr0", "key": "who", "value": "me"}],
        "trace_request_metadata": [
            {"request_id": "tr0", "key": "mlflow.trace.session", "value": "s"}
        ],
        "spans": [
            {"trace_id": f"tr{n}", "span_id": f"s{n}", "parent_span_id": None,
             "type": "CHAT_MODEL", "end_time_unix_nano": 1740823200005000000,
             "model_name": None, "content": json.dumps(content)}
            for n in range(count)
        ],
        "assessments": [
            {"assessment_id": f"a{n}", "trace_id": f"tr{n}", "name": "good",
             "assessment_type": "feedback", "value": "7", "error": None,
             "created_timestamp": 1740823200000, "source_type": "LLM_JUDGE",
             "last_updated_timestamp": 1740823200000, "source_id": "mock-judge",
             "run_id": None, "span_id": None, "rationale": "It is.",
             "overrides": None, "valid": 1, "assessment_metadata": "{}"}
            for n in range(count)
        ],
    }  # fmt: skip


def plain(value: Any) -> Any:
    return json.loads(compact(value))


KEPT = ("_llm_migrations", "__drizzle_migrations", "alembic_version")


def database(rng: random.Random, path: Path, tables: TableRows) -> None:
    """Write a SQLite file; values are changed in a third of the rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        for name, rows in tables.items():
            columns = list(rows[0])
            named = ", ".join(f'"{column}"' for column in columns)
            connection.execute(f'create table "{name}" ({named})')
            marks = ", ".join("?" * len(columns))
            for row in rows:
                values = list(row.values())
                if name not in KEPT and rng.random() < 0.33:
                    at = rng.randrange(len(values))
                    values[at] = odd_value(rng, values[at])
                connection.execute(f'insert into "{name}" values ({marks})', values)
        if rng.random() < 0.5:
            name = rng.choice([each for each in tables if each not in KEPT])
            columns = list(tables[name][0])
            connection.execute(
                f'update "{name}" set "{rng.choice(columns)}" = '
                "cast(x'ff41' as text) where rowid = 1"
            )


def odd_value(rng: random.Random, value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "[") and rng.random() < 0.7:
        return compact(spoiled(rng, json.loads(value), 2))
    texts = [*TEXTS, *TIMES["iso"], "{", "[1", "NaN"]
    return rng.choice(
        [None, b"\xff\x00", 0, -1, 2**62, 1.5, float("inf"), "", *rng.sample(texts, 4)]
    )


def write_tools(rng: random.Random, root: Path, count: int) -> Row:
    """Write files of all six tools, with about `count` records each; their sources."""
    files: dict[str, bytes] = {}
    half = max(2, count // 2)
    for number in range(2):
        files[f"inspect/{number}.json"] = inspect_log(rng, number, half, is_whole=True)
    torn = inspect_log(rng, 9, 4, is_whole=True)
    files["inspect/torn.json"] = torn[: len(torn) * 3 // 4]
    files[f"lm/results_{STAMP}.json"] = compact(plain(lm_eval_results())).encode()
    samples = [plain(lm_eval_sample(n)) for n in range(count)]
    files[f"lm/samples_task_{STAMP}.jsonl"] = lines_of(rng, samples[:1], samples[1:])
    outputs = [rng.choice([batch_line, batch_response])(n) for n in range(count)]
    first = [batch_line(0)]
    files["batch/out.jsonl"] = lines_of(rng, *map(listed, (first, outputs)))
    requests = listed([batch_request(n) for n in range(count)])
    files["batch/in.jsonl.gz"] = gzip.compress(
        lines_of(rng, requests[:1], requests[1:])
    )[: -rng.randrange(1, 12)]
    files["foo/out.json"] = promptfoo_export(rng, half)
    results = listed([promptfoo_result(n) for n in range(half)])
    files["foo/out.jsonl"] = lines_of(rng, [], results)
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    database(rng, root / "llm/logs.db", llm_tables(half))
    database(rng, root / "foo_db/promptfoo.db", promptfoo_tables(count))
    database(rng, root / "flow/mlflow.db", mlflow_tables(half))
    return {
        "sources": {
            "stories": {"tool": "inspect", "files": "inspect/*.json"},
            "tasks": {"tool": "lm_eval", "files": "lm/*"},
            "batches": {"tool": "openai_batch", "files": "batch/*"},
            "foo": {"tool": "promptfoo", "files": ["foo/*.json", "foo/*.jsonl"]},
            "foo_db": {"tool": "promptfoo", "files": "foo_db/*.db"},
            "talks": {"tool": "llm", "files": "llm/*.db"},
            "traces": {"tool": "mlflow", "files": "flow/*.db"},
        }
    }


def listed(rows: list[Row]) -> list[Row]:
    return list(map(plain, rows))


def spoil_file(rng: random.Random, root: Path) -> None:
    """Spoil one file as a whole: what tells its version, its end, or some bytes."""
    names = [path for path in sorted(root.rglob("*")) if path.is_file()]
    path = rng.choice(names)
    data = path.read_bytes()
    kind = rng.randrange(5)
    if kind == 0:
        path.write_bytes(data[: rng.randrange(len(data))])
    elif kind == 1:
        at = rng.randrange(len(data))
        path.write_bytes(data[:at] + rng.randbytes(20) + data[at + 20 :])
    elif kind == 2:
        path.write_bytes(rng.choice([b"", b"{}", b"[]", b"7", b"x", b"\n", b"[{}]"]))
    elif kind == 3 and path.suffix == ".db":
        with closing(sqlite3.connect(path)) as connection, connection:
            asked = "select name from sqlite_master where type = 'table'"
            tables = [name for (name,) in connection.execute(asked)]
            connection.execute(f'drop table "{rng.choice(tables)}"')
    else:
        log = inspect_log(rng, 7, 4, is_whole=False)
        (root / "inspect/other.json").write_bytes(log)
