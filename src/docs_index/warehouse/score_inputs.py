"""Load the source of the dbt models in `models/scores`: the whole generation store.

Judges no content, which the models do in SQL, and writes nothing but files that are
removed when they are loaded.
"""

import duckdb

from docs_index.disk.scratch import scratch_folder
from docs_index.layout import Layout
from docs_index.warehouse.answer_scan import COLUMNS, scan_answers
from docs_index.warehouse.quoting import column_types, glob_escaped, literal

_LONGEST_LINE = 16 * 2**20  # bytes; a metadata.json has at most 1 MiB


def load_generations(
    cursor: duckdb.DuckDBPyConnection, layout: Layout
) -> duckdb.DuckDBPyRelation:
    """Return one row per directory of the store, with the columns of `answer_scan`.

    Raises:
        OSError: the machine failed to read the store.
        StorageError: a worker process has died.
    """
    cursor.execute(f"create or replace temp table generations_read ({_definitions()})")
    with scratch_folder(layout.root) as scratch:
        files = scan_answers(layout.generations, scratch)
        if files:
            listed = ", ".join(literal(glob_escaped(file)) for file in files)
            options = (
                f"columns = {column_types(COLUMNS.items())}, "
                f"maximum_object_size = {_LONGEST_LINE}"
            )
            rows = f"read_ndjson([{listed}], {options})"
            cursor.execute(f"insert into generations_read from {rows}")
    return cursor.table("generations_read")


def _definitions() -> str:
    return ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
