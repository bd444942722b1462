"""Write what a build has planned into shards: a process of its own, as `run` does it.

Arguments: a data root, an engine or `here`, and a file of JSON with `shard_bytes`,
`always`, `faults` (of pack_faults) and `dies` (the name of a step). It prints JSON.
"""

import json
import os
import signal
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from docs_index.engines import packing as engine_packing
from docs_index.errors import DocsIndexError
from docs_index.ingest import materialize as materializing
from docs_index.ingest import packing
from docs_index.ingest.materialize import Options, materialize
from docs_index.layout import open_layout

STEPS = {
    "listing": (packing, "append_to_manifest"),
    "rows": (materializing, "_insert_rows"),
}


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(root: str, engine: str, asked: dict[str, Any]) -> None:
    setattr(packing, "SHARD_BYTES", asked["shard_bytes"])  # noqa: B010
    if asked.get("faults"):
        engine_packing._MODULE = "pack_faults"
        os.environ["PACK_FAULTS"] = asked["faults"]
    if asked.get("dies"):
        setattr(*STEPS[asked["dies"]], die)
    layout = open_layout(root)
    options = Options(kind="packed")
    if engine == "here":
        print(json.dumps(asdict(materialize(layout, options, lambda *_: None))))
        return
    writers = engine_packing.EnginePacking(layout, engine, always=asked["always"])
    with closing(writers):
        summary = materialize(layout, options, lambda *_: None, writers)
    print(json.dumps(asdict(summary) | {"said": writers.said}))


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], json.loads(Path(sys.argv[3]).read_text()))
    except DocsIndexError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
