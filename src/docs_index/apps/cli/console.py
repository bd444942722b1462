"""How commands end that use DuckDB: its errors too are one message and a code."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from docs_index.apps.cli import exits
from docs_index.apps.cli.exits import (
    AFTER_INTERRUPT,
    DONE,
    HAS_BAD_ROWS,
    INTERRUPTED,
    NEEDS_A_PERSON,
    end,
    end_of_database,
)
from docs_index.errors import BuildError
from docs_index.ingest.materialize import Summary
from docs_index.warehouse.faults import fault_of, is_interrupt

_OTHER_VERSION = "the build is of another version: run `dbt build` again"


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Turn every expected error of a block into one message and its exit code."""
    with exits.ending_cleanly():
        try:
            yield
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            message = f"{_OTHER_VERSION} ({str(error).splitlines()[0]})"
            end(message, BuildError.exit_code)
        except (duckdb.Error, RuntimeError) as error:
            if is_interrupt(error):
                end(AFTER_INTERRUPT, INTERRUPTED)
            if not isinstance(error, duckdb.Error):
                raise
            end_of_database(error, fault_of(error))


def exit_code(summary: Summary, *, strict: bool) -> int:
    """Return the exit code of a run that was not stopped by an error."""
    if summary.conflicts or summary.damaged:
        return NEEDS_A_PERSON
    if strict and (summary.bad_rows_by_reason or summary.notices):
        return HAS_BAD_ROWS
    return DONE
