"""The dbt-duckdb plugin: what dbt needs from Python before SQL can begin.

It takes the lock of the data root before DuckDB takes its own, loads the tables that
the models declare as sources, and attaches the stand-ins of index and run.
`profiles.yml` names it. With the environment variable DOCS_INDEX_SCRATCH, the database
of a build is in that folder: such a build writes nothing into the data root and needs
no lock. It never opens the index.
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
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError

from docs_index.disk.faults import Fault
from docs_index.disk.lock import take_lock
from docs_index.disk.scratch import gather_temporary_files, remove_leftovers
from docs_index.errors import (
    DataRootError,
    DocsIndexError,
    LockedError,
    StorageError,
)
from docs_index.layout import (
    Layout,
    keep_from_strangers,
    open_layout,
    refuse_without_input,
)
from docs_index.paths import is_there
from docs_index.quoting import identifier, literal
from docs_index.resources import sql
from docs_index.warehouse.cohort_inputs import CohortInputs
from docs_index.warehouse.dbt_run import ENGINE_BUILD
from docs_index.warehouse.faults import (
    fault_of,
    first_line,
    is_damaged_file,
    message_of,
)
from docs_index.warehouse.histories.tables import SCHEMA, open_histories
from docs_index.warehouse.last_build import is_current, made_by
from docs_index.warehouse.refusals import tell_refusal
from docs_index.warehouse.score_inputs import load_generations
from docs_index.warehouse.sources import Sources
from docs_index.warehouse.stand_ins import attach_run, attach_stored

# What a command may be given that changes what a build makes of the same files.
_FLAGS = ("VARS", "TARGET", "EMPTY", "SAMPLE", "EVENT_TIME_START", "EVENT_TIME_END")
# `dbt docs generate` asks for every source; the inputs of a cohort need its name.
_NOTHING = "select null as nothing where false"


class Plugin(BasePlugin):
    """Loads `source()` tables from CSV files under the data root."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Find and lock the data root; dbt opens its database right after."""
        gc.freeze()  # dbt's manifest stays: the collector need not search it
        self._this_thread = threading.local()
        keep_from_strangers()
        try:
            layout = open_layout().for_looking()
            refuse_without_input(layout)
            self._sources = Sources(layout)
            self._cohort_inputs = CohortInputs(layout)
            self._histories = open_histories(layout)
            self._layout = layout
            self._build = layout.build
            _refuse_a_query(layout.root)
            if layout.scratch:
                layout.scratch.mkdir(parents=True, exist_ok=True)
            else:
                take_lock(layout.lock)
                remove_leftovers(layout)
            self._made_by = _made_by(layout)
            self._is_current = _opened_is_current(layout, self._made_by)
            if not layout.scratch:
                gather_temporary_files(layout.root)
        except (DocsIndexError, OSError) as error:
            raise _refusal(error) from error

    def update_connection_config(
        self, creds: DuckDBCredentials, config: dict[str, Any]
    ) -> None:
        """Attach the build of this data root; spill to a folder next to its file."""
        [attached] = creds.attach or []
        attached.path = str(self._build)
        config["temp_directory"] = f"{self._build}.tmp"

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Attach the empty stand-ins that the models of the plan read in a build.

        The table `this_build`, next to them, tells the hooks what they need to know.
        """
        attach_stored(conn)
        attach_run(conn)
        conn.execute(sql("warehouse/this_build.sql"))
        known = [self._made_by, self._is_current]
        conn.execute("insert into this_build values (?, ?)", known)

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
                if get_flags().WHICH == "generate":  # type: ignore[no-untyped-call]
                    return cursor.sql(_NOTHING)
                name, meta = source_config.identifier, source_config.meta
                return self._cohort_inputs.load(cursor, name, meta)
            if source_config.schema == "score_inputs":
                return load_generations(cursor, self._layout)
            if source_config.schema == SCHEMA:
                return self._histories.load(cursor, source_config.identifier)
            if source_config.identifier == "input_files":
                return self._sources.input_files(cursor)
            return self._sources.load(cursor, source_config.meta)
        except (DocsIndexError, OSError) as error:
            raise _refusal(error) from error


def _refusal(error: Exception) -> DbtRuntimeError:
    """Return dbt's error for one of ours, and tell who started dbt its exit code."""
    message = message_of(error)
    tell_refusal(error, message)
    return DbtRuntimeError(message)


def _made_by(layout: Layout) -> str:
    """Return what makes this build, empty for other commands, and in another folder."""
    flags = get_flags()  # type: ignore[no-untyped-call]
    if layout.scratch or flags.WHICH != "build":
        return ""
    settings = {name: getattr(flags, name, None) for name in _FLAGS}
    return made_by(layout, settings | {ENGINE_BUILD: os.environ.get(ENGINE_BUILD)})


def _opened_is_current(layout: Layout, made: str) -> bool:
    """Open the last build as dbt will, and tell whether its tables may be kept.

    A damaged one is removed: the next build makes it again. Where it cannot be opened
    for another reason, dbt would say so in pages.

    Raises:
        LockedError: another program has it open.
        StorageError: it cannot be opened.
    """
    build = layout.build
    if not is_there(build):
        return False
    try:
        with duckdb.connect() as database:
            database.execute(f"attach {literal(str(build))} as build")
            may_keep = made and not get_flags().FULL_REFRESH  # type: ignore[no-untyped-call]
            return bool(may_keep) and is_current(database, layout, made)
    except duckdb.Error as error:
        if is_damaged_file(error):
            build.unlink()
            build.with_name(f"{build.name}.wal").unlink(missing_ok=True)
        elif fault_of(error) is Fault.LOCKED:
            raise LockedError(
                f"{build} is open in another program: close it there, then build again"
            ) from error
        else:
            message = f"{build} cannot be opened: {first_line(error)}"
            raise StorageError(f"{message}; build again") from error
        return False


def _refuse_a_query(path: Path) -> None:
    """Refuse a path with `?`: DuckDB names its log by the part before it."""
    if "?" in str(path):
        raise DataRootError(
            f"DuckDB cannot work in {str(path)!r}: rename the folder, without a '?'"
        )
