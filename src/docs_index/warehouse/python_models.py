"""Let a Python model fail with one line: dbt shows a traceback of what it raises.

Owns the temporary table `model_faults`. The model's hook `refuse_model_faults` raises
what is in it, before the model replaces its last result.
"""

from collections.abc import Callable

import duckdb

from docs_index.errors import DocsIndexError
from docs_index.warehouse.faults import is_interrupt, message_of


def made_or_told(
    session: duckdb.DuckDBPyConnection, make: Callable[[], duckdb.DuckDBPyRelation]
) -> duckdb.DuckDBPyRelation:
    """Return what `make` returns; if it fails, the message, for the hook to raise."""
    session.execute("create or replace temp table model_faults (message varchar)")
    try:
        return make()
    except (DocsIndexError, OSError, duckdb.Error) as error:
        if is_interrupt(error):
            raise
        session.execute("insert into model_faults values (?)", [message_of(error)])
        return session.table("model_faults")
