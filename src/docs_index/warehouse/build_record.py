"""Decide whether a run may use the last build of a data root.

The build itself writes the table `build_record` (macros/hooks/build_record.sql). This
module attaches the build for reading only, and changes nothing.
"""

import os

import duckdb

from docs_index.disk.faults import Fault
from docs_index.errors import BuildError, DocsIndexError, LockedError, StorageError
from docs_index.layout import SCRATCH, Layout
from docs_index.paths import is_file
from docs_index.quoting import literal
from docs_index.warehouse.faults import fault_of, first_line, names_system_error

_AGAIN = (
    "run `dbt build` first, with the same DATA_ROOT and RUN_ID (`docs-index run` does "
    "both)"
)


def refuse_scratch(layout: Layout) -> None:
    """Check that a command that writes does not work from a build for looking.

    Raises:
        BuildError: DOCS_INDEX_SCRATCH is set.
    """
    if os.environ.get(SCRATCH) and not layout.scratch:
        raise BuildError(
            f"{SCRATCH} is set: a build in that folder is only for dry runs. Unset it, "
            "then run this again"
        )


def find_build(layout: Layout) -> str:
    """Return the path of the build's database.

    Raises:
        BuildError: there is no build, or builds are for looking, and the caller writes.
    """
    refuse_scratch(layout)
    if not is_file(layout.build):
        raise BuildError(f"there is no dbt build in {layout.build.parent}: {_AGAIN}")
    return str(layout.build)


def attach_build(
    connection: duckdb.DuckDBPyConnection, layout: Layout, run_id: str | None
) -> str:
    """Attach the build as `build`, read-only, and return its run_id.

    `run_id` is the one asked for; None means `RUN_ID`, else `backfill`.

    Raises:
        BuildError: the build is incomplete, or was made for another root or run_id.
        LockedError: another program has the build's database open for writing.
        StorageError: it cannot be read.
    """
    path = literal(find_build(layout))
    try:
        connection.execute(f"attach {path} as build (read_only)")
        record = connection.execute(
            "select status, data_root, run_id from build.main.build_record"
        ).fetchone()
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise _unopened(layout, error) from error
    except duckdb.Error as error:
        raise BuildError(f"{layout.build} holds no dbt build: {_AGAIN}") from error
    status, data_root, built_run_id = record or ("unfinished", None, None)
    if status != "complete":
        raise BuildError(
            "the last dbt command here was not a complete, successful `dbt build`: "
            f"{_AGAIN}"
        )
    if data_root != str(layout.root):
        raise BuildError(
            f"the build in {layout.build.parent} was made for data root {data_root}, "
            f"not for {layout.root}: {_AGAIN}"
        )
    asked = run_id or os.environ.get("RUN_ID") or "backfill"
    if built_run_id != asked:
        raise BuildError(
            f"the build was made for run_id {built_run_id!r}, not for {asked!r}: "
            f"pass --run-id {built_run_id}, or {_AGAIN}"
        )
    return asked


def _unopened(layout: Layout, error: duckdb.Error) -> DocsIndexError:
    """Return why a build cannot be opened: it is locked, unreadable or damaged."""
    fault = fault_of(error)
    if fault is Fault.LOCKED:
        return LockedError(f"{layout.build} is open in another program: close it there")
    if fault is Fault.FULL or names_system_error(error):
        message = f"{layout.build} cannot be read: {first_line(error)}"
        return StorageError(f"{message}; run again to complete")
    return BuildError(f"{layout.build} cannot be opened: delete it and {_AGAIN}")
