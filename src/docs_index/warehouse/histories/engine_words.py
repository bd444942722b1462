"""Ask DuckDB whether it knows a word of `histories.yml`, before it is used there."""

from functools import cached_property

import duckdb

from docs_index.quoting import literal
from docs_index.warehouse.faults import first_line


class EngineWords:
    """What DuckDB says of formats, expressions and time zones."""

    @cached_property
    def _session(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(
            config={
                "threads": 1,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )

    @cached_property
    def zones(self) -> frozenset[str]:
        """The names of the time zones."""
        rows = self._session.sql("select name from pg_timezone_names()").fetchall()
        return frozenset(name for (name,) in rows)

    def fault_of_format(self, form: str) -> str | None:
        """Return why a form of times is none, None for a good one."""
        try:
            self._session.execute("select try_strptime('', ?)", [form]).fetchall()
        except duckdb.Error as error:
            return first_line(error).rpartition(": ")[2]
        return None if "%" in form else "it has no % specifier"

    def fault_of_expression(self, expression: str) -> str | None:
        """Return why a regular expression has not one group, None if it has."""
        error = self._error_of_groups(expression, 1)
        if error is None:
            many = self._error_of_groups(expression, 2) is None
            return "it has more than one group; (?: ) is none" if many else None
        if "capturing groups" in error:
            return "it has no group: put brackets around what is wanted"
        return error.removeprefix("Binder Error: ")

    def _error_of_groups(self, expression: str, number: int) -> str | None:
        names = [f"group_{each}" for each in range(number)]
        try:
            self._session.execute(
                f"select regexp_extract('', {literal(expression)}, {names})"
            ).fetchall()
        except duckdb.Error as error:
            return first_line(error)
        return None
