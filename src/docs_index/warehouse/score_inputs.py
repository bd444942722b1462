"""Hand the generation store's rows to dbt, the source of the models in `models/scores`.

A script can begin to read the store while dbt starts, which takes as long: `read_ahead`
gives dbt a pipe, through which the names of the files with the rows come. Without that,
dbt reads the store itself. Judges no content, which the models do in SQL, and writes
nothing but files in scratch folders.
"""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb

from docs_index.disk.scratch import scratch_folder
from docs_index.errors import StorageError
from docs_index.layout import Layout
from docs_index.quoting import column_types, glob_escaped, literal
from docs_index.warehouse.answer_scan import COLUMNS, scan_answers

_PIPE = "DOCS_INDEX_STORE_PIPE"  # the number of the pipe's end that dbt reads
_CORES = os.cpu_count() or 1


@contextmanager
def read_ahead(layout: Layout) -> Iterator[tuple[int, dict[str, str]]]:
    """Read the store during a block; yield a descriptor and an environment for dbt.

    dbt must inherit the descriptor, and end within the block.

    Raises:
        OSError: the machine failed to read the store; dbt has then failed too.
    """
    with scratch_folder(layout.root) as scratch, ThreadPoolExecutor(1) as thread:
        reading, writing = os.pipe()
        scan = thread.submit(_tell, writing, layout.generations, scratch)
        try:
            yield reading, {_PIPE: str(reading)}
        finally:
            os.close(reading)
            error = scan.exception()
        if error and not isinstance(error, BrokenPipeError):
            raise error


def _tell(pipe: int, store: Path, scratch: Path) -> None:
    with os.fdopen(pipe, "w") as told:
        processes = _CORES - 1 or 1  # one is dbt's
        told.write(json.dumps(scan_answers(store, scratch, processes)))


def load_generations(
    cursor: duckdb.DuckDBPyConnection, layout: Layout
) -> duckdb.DuckDBPyRelation:
    """Return one row per directory of the store, with the columns of `answer_scan`.

    Raises:
        OSError: the machine failed to read the store.
        StorageError: a worker process, or the process that reads ahead, has died.
    """
    definitions = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    cursor.execute(f"create or replace temp table generations_read ({definitions})")
    if pipe := os.environ.pop(_PIPE, None):
        _insert(cursor, _told(int(pipe)))
    else:
        with scratch_folder(layout.root) as scratch:
            _insert(cursor, scan_answers(layout.generations, scratch, _CORES))
    return cursor.table("generations_read")


def _told(pipe: int) -> list[str]:
    """Wait for the names of the files that were read ahead."""
    with os.fdopen(pipe) as told:
        text = told.read()
    if not text:
        raise StorageError("reading the generation store has failed: run again")
    files: list[str] = json.loads(text)
    return files


def _insert(cursor: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    if files:
        listed = ", ".join(literal(glob_escaped(file)) for file in files)
        types = column_types(COLUMNS.items())
        cursor.execute(
            "insert into generations_read "
            f"from read_ndjson([{listed}], columns = {types})"
        )
