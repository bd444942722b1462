"""The dbt-duckdb plugin: what dbt needs of Python before SQL can begin.

It takes the lock of the data root before DuckDB's own can get in the way, and loads
the CSV files that `models/staging` declares as sources. `profiles.yml` names it.
"""

import threading
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import SourceConfig
from dbt_common.exceptions import DbtRuntimeError

from docs_index.errors import DocsIndexError, printable
from docs_index.layout import keep_from_strangers, open_layout
from docs_index.lock import take_lock
from docs_index.quoting import identifier
from docs_index.sources import Sources


class Plugin(BasePlugin):
    """Loads `source()` tables from CSV files under the data root."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Find and lock the data root; dbt opens its database right after."""
        self._this_thread = threading.local()
        keep_from_strangers()
        try:
            self._sources = Sources(open_layout())
            take_lock(self._sources.layout.lock)
        except DocsIndexError as error:
            raise DbtRuntimeError(printable(str(error))) from error

    def update_connection_config(
        self, creds: DuckDBCredentials, config: dict[str, Any]
    ) -> None:
        """Have the build of this data root attached, and spilled to beside it."""
        build = self._sources.layout.build
        [attached] = creds.attach or []
        attached.path = str(build)
        config["temp_directory"] = f"{build}.tmp"

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Point a cursor at the build, and remember it: `load` is called for it.

        The database that dbt connects to is an empty one (see profiles.yml).
        """
        if self.creds is not None:
            cursor.execute(f"use {identifier(self.creds.database)}")
        self._this_thread.cursor = cursor

    def load(self, source_config: SourceConfig) -> duckdb.DuckDBPyRelation:
        """Return a source: `input_files`, or the CSV file that its `meta` describes."""
        cursor: duckdb.DuckDBPyConnection = self._this_thread.cursor
        try:
            if source_config.identifier == "input_files":
                return self._sources.input_files(cursor)
            return self._sources.load(cursor, source_config.meta)
        except DocsIndexError as error:
            raise DbtRuntimeError(printable(str(error))) from error
