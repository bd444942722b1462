"""The dbt-duckdb plugin: what dbt needs of Python before SQL can begin.

It takes the lock of the data root before DuckDB's own can get in the way, and loads
the CSV files that `models/staging` declares as sources. `profiles.yml` names it.
"""

import os
import threading
from collections.abc import Sequence
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import SourceConfig
from dbt_common.exceptions import DbtRuntimeError

from docs_index.errors import DataRootError, DocsIndexError
from docs_index.layout import Layout, open_layout
from docs_index.lock import take_lock
from docs_index.tables import Table, check_table, read_table


class Plugin(BasePlugin):
    """Loads `source()` tables from CSV files under the data root."""

    layout: Layout

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Find and lock the data root; dbt opens its database right after."""
        self._this_thread = threading.local()
        self._loaded: dict[str, Table | None] = {}
        try:
            self.layout = open_layout()
            take_lock(self.layout.lock)
        except DocsIndexError as error:
            raise DbtRuntimeError(str(error)) from error

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Remember the cursor: `load` is called for it, and relations are bound to it."""
        self._this_thread.cursor = cursor

    def load(self, source_config: SourceConfig) -> duckdb.DuckDBPyRelation:
        """Return a source: `input_files`, or the CSV file that its `meta` describes.

        `meta` has `file` (relative to the data root), `columns`, `required` (one of
        these must be there) and `any_of` (files of which not all may be missing).
        """
        try:
            if source_config.identifier == "input_files":
                return self._input_files()
            return self._load_table(source_config.meta)
        except DocsIndexError as error:
            raise DbtRuntimeError(str(error)) from error

    def _load_table(self, meta: dict[str, Any]) -> duckdb.DuckDBPyRelation:
        cursor: duckdb.DuckDBPyConnection = self._this_thread.cursor
        self._refuse_if_all_missing(meta.get("any_of", ()))
        path = self.layout.root / meta["file"]
        if not os.path.lexists(path):
            self._loaded[meta["file"]] = None
            columns = ", ".join(f'null::varchar as "{name}"' for name in meta["columns"])
            return cursor.sql(f"select 0::bigint as row_index, {columns} where false")
        table = check_table(path, meta.get("required", ()))
        relation = read_table(cursor, table, meta["columns"])
        self._loaded[meta["file"]] = table
        return relation

    def _refuse_if_all_missing(self, files: Sequence[str]) -> None:
        if files and not any(os.path.lexists(self.layout.root / file) for file in files):
            raise DataRootError(
                f"data root {self.layout.root} has none of the results tables "
                f"({', '.join(files)}): set DATA_ROOT to the folder that has them"
            )

    def _input_files(self) -> duckdb.DuckDBPyRelation:
        """One row per CSV file that this dbt run has loaded, found or not."""
        cursor: duckdb.DuckDBPyConnection = self._this_thread.cursor
        cursor.execute(
            "create or replace temp table files_loaded (data_root varchar, "
            "path varchar, is_present boolean, data_rows bigint, size_bytes bigint, "
            "content_hash varchar)"
        )
        for path, table in sorted(self._loaded.items()):
            facts = (table.data_rows, table.size_bytes, table.sha256) if table else None
            cursor.execute(
                "insert into files_loaded values (?, ?, ?, ?, ?, ?)",
                [str(self.layout.root), path, table is not None, *(facts or [None] * 3)],
            )
        return cursor.table("files_loaded")
