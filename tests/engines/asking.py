"""Run queries on an engine, each into a folder of Parquet files: a process of its own.

Arguments: the engine, and a file of JSON with `views` (Parquet files by name),
`queries` (by name) and `to`, the folder of the answers.
"""

import json
import os
import sys
from pathlib import Path

from docs_index.engines.sessions import opened_session, register_functions
from docs_index.warehouse.parsers import built_in_parsers
from docs_index.warehouse.response_facts import Reader


def main(engine: str, asked: Path) -> None:
    question = json.loads(asked.read_text("utf-8"))
    session = opened_session(engine, Path(question["to"]) / "warehouse")
    register_functions(session, Reader("/", 1, built_in_parsers().expression))
    for name, path in question["views"].items():
        session.read.parquet(path).createOrReplaceTempView(name)
    for name, query in question["queries"].items():
        session.sql(query).write.parquet(f"{question['to']}/{name}")


if __name__ == "__main__":
    code = 1
    try:
        main(sys.argv[1], Path(sys.argv[2]))
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
