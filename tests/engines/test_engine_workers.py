"""A worker that dies while it reads is replaced, and its files are read again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from engine_builds import TIMEOUT_S, needs_engines, needs_java
from harness import REPOSITORY

from docs_index.warehouse.parsers import TextParser, built_in_parsers
from docs_index.warehouse.response_facts import Reader

pytestmark = [needs_engines, needs_java, pytest.mark.slow]
SAMPLE = REPOSITORY / "sample"


def test_a_dead_executor_is_replaced(tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    places = [REPOSITORY / "src", REPOSITORY / "tests/engines"]
    process = subprocess.run(
        [sys.executable, "-m", "dying_workers", str(SAMPLE), str(answers)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places))},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    assert (tmp_path / "died").exists()
    found = json.loads(answers.read_text())
    names = sorted(found)
    assert len(names) > 30
    expression = built_in_parsers().expression
    questions = [
        {"folder": "3_generation", "path": name, "parser": "", "signature": None}
        | {"asked_id": number}
        for number, name in enumerate(names)
    ]
    wanted = Reader(str(SAMPLE), 10**6, expression).answers(
        questions, TextParser(expression)
    )
    for facts in wanted:
        name = names[facts.pop("asked_id")]
        known = {key: value for key, value in facts.items() if value is not None}
        assert found[name] == {"is_unchanged": False} | known
