"""The process of a build on an engine: stage, open the session, run dbt, fetch.

It is a process of its own, which ends at once: Sail may hang when Python ends after
large functions. Started by `engine_run`, with a file of JSON. It prints dbt's log.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

from docs_index.disk.lock import take_lock
from docs_index.disk.scratch import remove_leftovers
from docs_index.engines.builds import (
    EngineBuild,
    last_complete,
    new_build,
    remove_others,
)
from docs_index.engines.fetching import FETCHED, fetch
from docs_index.engines.sessions import (
    create_tables,
    opened_session,
    register_functions,
)
from docs_index.engines.staging import stage
from docs_index.errors import DocsIndexError
from docs_index.layout import (
    Layout,
    keep_from_strangers,
    open_layout,
    refuse_without_input,
)
from docs_index.resources import PROJECT
from docs_index.warehouse.faults import message_of
from docs_index.warehouse.parsers import parser_for
from docs_index.warehouse.refusals import tell_refusal
from docs_index.warehouse.response_facts import Reader

SCHEMA = "DOCS_INDEX_ENGINE_SCHEMA"  # profiles.yml


def main(asked: dict[str, Any]) -> int:
    """Build a data root on an engine; return the exit code."""
    keep_from_strangers()
    try:
        layout = open_layout(asked["data_root"])
        refuse_without_input(layout)
        layout.db.mkdir(exist_ok=True)
        take_lock(layout.lock)
        remove_leftovers(layout)
        last = last_complete(layout)
        remove_others(layout, last)
        build = new_build(layout, asked.get("name"))
        reader = Reader(
            str(layout.root), _most_bytes(asked), parser_for(layout).expression
        )
        tables = stage(layout, build, last)
        made = _built(layout, build, tables, reader, asked)
        if made is None:
            return 1
        fetch(layout, build, made)
        remove_others(layout, build)
    except (DocsIndexError, OSError) as error:
        tell_refusal(error, message_of(error))
        return 1
    return 0


def _most_bytes(asked: dict[str, Any]) -> int:
    """Return the most bytes of a response file, as dbt takes the var."""
    declared = yaml.safe_load((PROJECT / "dbt_project.yml").read_text("utf-8"))["vars"]
    return int((declared | asked["variables"])["max_response_bytes"])


def _built(
    layout: Layout,
    build: EngineBuild,
    tables: list[str],
    reader: Reader,
    asked: dict[str, Any],
) -> dict[str, dict[str, str]] | None:
    """Build in the engine; return the columns of what is fetched, None if it failed."""
    session = opened_session(asked["engine"], layout.engine_builds)
    sources = {name: build.sources / name for name in tables}
    create_tables(session, build.sources.name, build.sources, sources)
    create_tables(session, build.name, build.folder, {})
    register_functions(session, reader)
    if not _is_run(build, asked):
        return None
    return {
        name: {
            field.name: field.dataType.simpleString()
            for field in session.table(f"{build.name}.{name}").schema
        }
        for name in FETCHED
    }


def _is_run(build: EngineBuild, asked: dict[str, Any]) -> bool:
    """Run `dbt build` in the session, and return whether all went well."""
    from dbt.cli.main import dbtRunner

    os.environ[SCHEMA] = build.name
    places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    variables = ["--vars", json.dumps(asked["variables"])]
    result = dbtRunner().invoke(
        [
            *("--log-format", "json"),
            *asked["command"],
            *("--target", "spark"),
            *places,
            *variables,
        ]
    )
    if result.exception is not None:
        raise DocsIndexError(str(result.exception))
    return bool(result.success) and build.is_complete


if __name__ == "__main__":
    code = 3
    try:
        code = main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
