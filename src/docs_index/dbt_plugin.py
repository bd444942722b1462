"""The dbt-duckdb plugin: what dbt needs of Python before SQL can begin.

It takes the lock of the data root before DuckDB's own can get in the way, and loads
the CSV files that `models/staging` declares as sources. `profiles.yml` names it.
"""

import os
import threading
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import SourceConfig
from dbt_common.exceptions import DbtRuntimeError

from docs_index.errors import DataRootError, DocsIndexError
from docs_index.layout import open_layout
from docs_index.lock import take_lock
from docs_index.scratch import remove_leftovers
from docs_index.sources import Sources


class Plugin(BasePlugin):
    """Loads `source()` tables from CSV files under the data root."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Find and lock the data root; dbt opens its database right after."""
        self._this_thread = threading.local()
        try:
            _refuse_what_dbt_takes_for_a_url()
            self._sources = Sources(open_layout())
            take_lock(self._sources.layout.lock)
            remove_leftovers(self._sources.layout)
        except DocsIndexError as error:
            raise DbtRuntimeError(str(error)) from error

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Remember the cursor that `load` is called for; relations are bound to it."""
        self._this_thread.cursor = cursor

    def load(self, source_config: SourceConfig) -> duckdb.DuckDBPyRelation:
        """Return a source: `input_files`, or the CSV file that its `meta` describes."""
        cursor: duckdb.DuckDBPyConnection = self._this_thread.cursor
        try:
            if source_config.identifier == "input_files":
                return self._sources.input_files(cursor)
            return self._sources.load(cursor, source_config.meta)
        except DocsIndexError as error:
            raise DbtRuntimeError(str(error)) from error


def _refuse_what_dbt_takes_for_a_url() -> None:
    """Refuse a path that dbt-duckdb cuts off where a URL's query would begin."""
    data_root = os.environ.get("DATA_ROOT", "")
    if "?" in data_root or "#" in data_root:
        raise DataRootError(
            f"dbt cannot work in {data_root!r}: no '?' or '#' may be in the path; set "
            "DATA_ROOT to a link to it"
        )
