"""Build the documents of a data root on an engine, and the rest of them by DuckDB.

Runs both as processes of their own, and says what they did or what went wrong. Writes
nothing itself but the question to the first of them.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from docs_index.disk.scratch import scratch_folder
from docs_index.engines.builds import last_complete
from docs_index.engines.fetching import MADE_ELSEWHERE
from docs_index.engines.sessions import refuse_unusable, shown
from docs_index.errors import EngineError
from docs_index.layout import Layout
from docs_index.progress import Progress
from docs_index.warehouse.dbt_run import (
    BUILD,
    Built,
    build_documents,
    dbt_folder,
    followed_build,
)

_MODULE = "docs_index.engines.building"


def build_on_engine(
    layout: Layout,
    engine: str,
    variables: Mapping[str, Any],
    run_id: str | None,
    progress: Progress,
) -> Built:
    """Build the documents of a data root, most of it on an engine.

    `progress` is called with how many nodes are done and how many there are, of the
    engine's first, then of DuckDB's.

    Raises:
        BuildError: the engine or DuckDB refused the input, or a model or test failed.
        EngineError: the engine is not known or not installed, or does not answer.
        LockedError: another process works on the data root.
        StorageError: reading or writing failed.
    """
    refuse_unusable(engine)
    if layout.scratch:
        raise EngineError("a build for looking is one of DuckDB: leave --engine out")
    folder = dbt_folder(layout, "engine")
    with scratch_folder(layout.root) as scratch:
        asked = scratch / "asked.json"
        question = {
            "data_root": str(layout.root),
            "engine": engine,
            "variables": dict(variables),
            "command": BUILD,
        }
        asked.write_text(json.dumps(question), encoding="utf-8")
        command = [sys.executable, "-m", _MODULE, str(asked)]
        there = followed_build(layout, folder, command, run_id, progress)
    fetched = last_complete(layout)
    if fetched is None:
        raise EngineError(
            f"the engine {shown(engine)} left no complete build: run again"
        )
    here = build_documents(
        layout,
        variables,
        run_id,
        progress,
        excluded=MADE_ELSEWHERE,
        engine_build=fetched.name,
    )
    return Built(
        models=there.models + here.models,
        tests=there.tests + here.tests,
        seconds=there.seconds + here.seconds,
        log=here.log,
    )
