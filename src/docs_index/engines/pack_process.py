"""The process that has an engine's workers write shards; started by `packing`.

It reads lines of JSON: first what all shards have in common, then one question for each
phase of a run. It answers each with a line. It ends with its parent, at once: Sail may
hang when Python ends after large functions.
"""

import json
import os
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

from docs_index.engines.sessions import opened_session, packed_shards
from docs_index.errors import printable
from docs_index.ingest.document_files import DocumentFiles
from docs_index.ingest.pack_placer import PackPlacer
from docs_index.layout import keep_from_strangers, open_layout

_LONGEST = 1000  # characters of an engine's message


def main(answers: TextIO) -> None:
    """Answer questions until the parent is gone; this process ends then."""
    keep_from_strangers()
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=[lines], daemon=True).start()
    asked = json.loads(lines.get())
    files = DocumentFiles(**asked["files"])
    session = None
    while True:
        question = json.loads(lines.get())
        answer: dict[str, Any]
        try:
            if session is None:
                layout = open_layout(asked["data_root"])
                session = opened_session(asked["engine"], layout.engine_builds)
            folder = question["folder"]
            documents = Path(asked["documents"])
            placer = PackPlacer(files, folder, dry_run=False)
            rows = packed_shards(session, placer, documents, question["shards"])
            answer = {"rows": rows}
        except Exception as error:  # engines have hundreds of kinds
            print(error, file=sys.stderr, flush=True)
            answer = {"error": _told(error)}
        print(json.dumps(answer), file=answers, flush=True)


def _listen(lines: "SimpleQueue[str]") -> None:
    """Pass lines on; when the parent is gone, end in the middle of an answer too."""
    for line in sys.stdin:
        lines.put(line)
    os._exit(0)


def _told(error: Exception) -> str:
    """Return the message of an error; a worker's own is the end of its traceback."""
    lines = [line.strip() for line in str(error).splitlines()]
    own = [line for line in lines if line.startswith(("docs_index.", "OSError"))]
    first = next((line for line in (*own, *lines) if line), type(error).__name__)
    return printable(first)[:_LONGEST]


def serve() -> None:
    """Answer on the output that this process was given, which nothing else gets."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # Java and workers print too: that goes to the log
        try:
            main(answers)
        finally:
            sys.stderr.flush()
            os._exit(3)


if __name__ == "__main__":
    serve()
