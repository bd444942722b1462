"""Read what the store says of scores: metadata and answers, in one pass; write nothing.

Owns the rows of the source `score_inputs.generations`: those of `generation_scan`, and
for evaluations what is there of an answer. It judges no answer, which SQL does. Many
directories are shared out to worker processes, whose rows are files of JSON lines.
"""

import json
import os
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from docs_index.disk.confined import TooLargeError, read_file
from docs_index.disk.workers import started_workers
from docs_index.layout import is_litter
from docs_index.paths import is_file, is_folder, is_of_a_path, naming
from docs_index.vocabulary import STAGES
from docs_index.warehouse.generation_scan import KEYS, read_generation

ANSWER_COLUMNS = {
    "has_parsed": "boolean",
    "parsed_text": "varchar",
    "answer_file": "varchar",
    "failure": "varchar",
    "finish_reason": "varchar",
    "is_truncated": "boolean",
}
"""What an evaluation's files say of its answer, with DuckDB's types."""

COLUMNS = {
    **dict.fromkeys(("stage", "gen_id", "problem", *KEYS), "varchar"),
    **ANSWER_COLUMNS,
}
"""The columns of a row, with DuckDB's types."""

_ANSWERS = ("raw.txt", "raw_response.json")  # one of them is there once it is paid for
_MOST_DIGITS = 1000  # bytes of a parsed.txt that may be a number
_MAX_BYTES = 2**20  # of a raw_metadata.json
_SHARE = 2000  # directories in one call of a worker

Row = dict[str, Any]
Share = tuple[str, str, Sequence[str], str]


def scan_answers(store: Path, scratch: Path, processes: int) -> list[str]:
    """Write one row per directory of the store to files in `scratch`; return them.

    With 1 of `processes`, this one reads.

    Raises:
        OSError: the machine failed to list a folder, or to read a file.
        StorageError: a worker process has died.
    """
    shares = list(_shares(store, scratch))
    useful = min(processes, len(shares))
    with started_workers(useful, __name__, None, interruptible=True) as workers:
        return list(workers.map(write_share, shares))


def _shares(store: Path, scratch: Path) -> Iterator[Share]:
    numbers = count(1)
    for stage in STAGES:
        folder = store / stage
        if not is_folder(folder):
            continue
        names = [
            name
            for name in os.listdir(folder)
            if not name.startswith(".") and not is_litter(name)
        ]
        for first in range(0, len(names), _SHARE):
            file = f"{scratch}/generations_{next(numbers)}.json"
            yield str(folder), stage, names[first : first + _SHARE], file


def write_share(share: Share) -> str:
    """Write the rows of a share as JSON lines, and return the file."""
    folder, stage, names, path = share
    lines = []
    for name in names:
        row: Row = {**read_generation(folder, stage, name)}
        if "problem" not in row and stage != "draft":
            row |= read_answer(f"{folder}/{name}", is_judged=stage == "essay")
        lines.append(json.dumps(row))
    with naming(path):
        Path(path).write_text("\n".join(lines), encoding="utf-8")
    return path


def read_answer(folder: str, *, is_judged: bool = False) -> Row:
    """Return `ANSWER_COLUMNS` of a generation as far as its files have them.

    Of a generation that `is_judged`, only whether it has a parsed.txt. `parsed_text`
    is left out if it is too long for a number, or no Unicode text.

    Raises:
        OSError: the machine failed to read a file.
    """
    if is_judged:
        return {"has_parsed": is_file(f"{folder}/parsed.txt")}
    try:
        content = read_file(f"{folder}/parsed.txt", at_most=_MOST_DIGITS, follow=True)
    except TooLargeError:
        return {"has_parsed": True}
    except OSError as error:
        if not is_of_a_path(error):
            raise
        return {"has_parsed": False} | _unparsed(folder)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"has_parsed": True}
    return {"has_parsed": True, "parsed_text": None if "\0" in text else text}


def _unparsed(folder: str) -> Row:
    """Return why there may be no parsed.txt; raw_metadata.json counts with an answer.

    It is written before the answer: without one it may be that of an earlier try.
    """
    answer = next((name for name in _ANSWERS if is_file(f"{folder}/{name}")), None)
    if answer is None:
        return {}
    said = _raw_metadata(f"{folder}/raw_metadata.json")
    row: Row = {"answer_file": answer, "is_truncated": said.get("truncated") is True}
    for key in ("failure", "finish_reason"):
        value = said.get(key)
        row[key] = value if isinstance(value, str) and value.isprintable() else None
    return row


def _raw_metadata(path: str) -> dict[str, Any]:
    """Return what raw_metadata.json holds, nothing if it cannot be used."""
    try:
        found = json.loads(read_file(path, at_most=_MAX_BYTES, follow=True))
    except (TooLargeError, ValueError, RecursionError):
        return {}
    except OSError as error:
        if not is_of_a_path(error):
            raise
        return {}
    return found if isinstance(found, dict) else {}
