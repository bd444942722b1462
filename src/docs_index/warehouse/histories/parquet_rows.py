"""The rows of Parquet files, as DuckDB writes each as a JSON object."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from docs_index.disk.faults import Fault
from docs_index.disk.scratch import scratch_folder
from docs_index.errors import StorageError
from docs_index.paths import real_path
from docs_index.quoting import glob_escaped
from docs_index.resources import sql
from docs_index.warehouse.faults import fault_of, first_line
from docs_index.warehouse.histories.history_file import HistoryFile, Reading
from docs_index.warehouse.histories.json_values import JsonReader
from docs_index.warehouse.histories.text_rows import Row

_AT_ONCE = 500
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "256MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def parquet_rows(source: HistoryFile, file: Reading) -> Iterator[Row]:
    """Yield the rows of a Parquet file; one that is compressed is unpacked first.

    Raises:
        TableRefusedError: it is no Parquet file, or damaged.
    """
    if not source.is_packed:
        yield from _rows(source, Path(real_path(source.path)))
        return
    with scratch_folder(source.root) as folder:
        copy = folder / "history.parquet"
        try:
            file.copy_to(copy)
        except EOFError as error:
            raise source.refuse(str(error)) from None
        yield from _rows(source, copy)


def _rows(source: HistoryFile, path: Path) -> Iterator[Row]:
    reader = JsonReader()
    number = 0
    with closing(duckdb.connect(config=_SETTINGS)) as session:
        try:
            session.execute("set timezone = 'UTC'")
            session.execute(
                sql("warehouse/parquet_rows.sql"), {"path": glob_escaped(path)}
            )
            while rows := session.fetchmany(_AT_ONCE):
                for (text,) in rows:
                    number += 1
                    value, fault = reader.record(text)
                    yield Row(str(number), value, text, fault)
        except duckdb.Error as error:
            if fault_of(error) in (Fault.FULL, Fault.STORAGE):
                raise StorageError(f"{source.path}: {first_line(error)}") from error
            raise source.refuse(first_line(error)[:300]) from error
