"""The dbt-duckdb plugin: what dbt needs from Python before SQL can begin.

It takes the lock of the data root before DuckDB takes its own, loads the tables that
the models declare as sources, and attaches the stand-ins of index and run.
`profiles.yml` names it. With the environment variable DOCS_INDEX_SCRATCH, the database
of a build is in that folder: such a build changes nothing in the data root and needs no
lock. It never opens the index.
"""

import gc
import os
import threading
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import SourceConfig
from dbt_common.exceptions import DbtRuntimeError

from docs_index.disk.lock import take_lock
from docs_index.disk.scratch import gather_temporary_files, remove_leftovers
from docs_index.errors import DataRootError, DocsIndexError, printable
from docs_index.layout import (
    keep_from_strangers,
    open_layout,
    refuse_without_input,
)
from docs_index.warehouse.cohort_inputs import CohortInputs
from docs_index.warehouse.faults import is_damaged_file
from docs_index.warehouse.quoting import identifier, literal
from docs_index.warehouse.sources import Sources
from docs_index.warehouse.stand_ins import attach_run, attach_stored


class Plugin(BasePlugin):
    """Loads `source()` tables from CSV files under the data root."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Find and lock the data root; dbt opens its database right after."""
        gc.freeze()  # dbt's manifest stays: the collector need not search it
        self._this_thread = threading.local()
        keep_from_strangers()
        try:
            self._sources = Sources(open_layout())
            refuse_without_input(self._sources.layout)
            self._cohort_inputs = CohortInputs(self._sources.layout)
            self._build = self._sources.layout.build
            _refuse_a_query(self._sources.layout.root)
            if scratch := os.environ.get("DOCS_INDEX_SCRATCH"):
                self._build = Path(scratch) / self._build.name
            else:
                take_lock(self._sources.layout.lock)
                remove_leftovers(self._sources.layout)
                _remove_damaged(self._build)
                gather_temporary_files(self._sources.layout.root)
        except (DocsIndexError, OSError) as error:
            raise DbtRuntimeError(printable(str(error))) from error

    def update_connection_config(
        self, creds: DuckDBCredentials, config: dict[str, Any]
    ) -> None:
        """Attach the build of this data root; spill to a folder next to its file."""
        [attached] = creds.attach or []
        attached.path = str(self._build)
        config["temp_directory"] = f"{self._build}.tmp"

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Attach the empty stand-ins that the models of the plan read in a build."""
        attach_stored(conn)
        attach_run(conn)

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Make the build a cursor's default, and keep the cursor for `load`.

        dbt itself connects to an empty database (see profiles.yml).
        """
        if self.creds is not None:
            cursor.execute(f"use {identifier(self.creds.database)}")
        self._this_thread.cursor = cursor

    def load(self, source_config: SourceConfig) -> duckdb.DuckDBPyRelation:
        """Return a source: `input_files`, or a table from the loader of its schema."""
        cursor: duckdb.DuckDBPyConnection = self._this_thread.cursor
        try:
            if source_config.schema == "cohort_inputs":
                name, meta = source_config.identifier, source_config.meta
                return self._cohort_inputs.load(cursor, name, meta)
            if source_config.identifier == "input_files":
                return self._sources.input_files(cursor)
            return self._sources.load(cursor, source_config.meta)
        except DocsIndexError as error:
            raise DbtRuntimeError(printable(str(error))) from error


def _remove_damaged(build: Path) -> None:
    """Remove a build that cannot be opened: the next build makes it again."""
    if not build.exists():
        return
    try:
        with duckdb.connect() as database:
            database.execute(f"attach {literal(str(build))} as build (read_only)")
    except duckdb.Error as error:
        if is_damaged_file(error):  # dbt reports the others, such as a lock
            build.unlink()
            build.with_name(f"{build.name}.wal").unlink(missing_ok=True)


def _refuse_a_query(path: Path) -> None:
    """Refuse a path with `?`: DuckDB names its log by the part before it."""
    if "?" in str(path):
        raise DataRootError(
            f"DuckDB cannot work in {str(path)!r}: rename the folder, without a '?'"
        )
