"""Render the project's macros for an engine, without dbt."""

from collections.abc import Callable
from typing import Any

import jinja2
from harness import REPOSITORY
from jinja2.runtime import Context, Macro

FOLDERS = ("duckdb", "spark", "identity", "parsers", "rules")


class _ReturnedError(Exception):
    """What a macro returns: `return` of dbt ends it."""


class _Returning(Context):
    """Calls of macros that may return a value, as those of dbt."""

    def call(self, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().call(called, *args, **kwargs)
        except _ReturnedError as returned:
            if isinstance(called, Macro):
                return returned.args[0]
            raise


class Macros:
    """The macros of DuckDB (`default`) or of the engines (`spark`)."""

    def __init__(self, prefix: str) -> None:
        environment = jinja2.Environment(extensions=["jinja2.ext.do"])
        environment.context_class = _Returning
        environment.globals.update({"return": self._return, "adapter": self})
        self._prefix = prefix
        self._environment = environment
        self._text = "".join(
            path.read_text("utf-8")
            for folder in FOLDERS
            for path in sorted((REPOSITORY / "macros" / folder).glob("*.sql"))
            if "{% materialization" not in path.read_text("utf-8")
        )
        self._module: Any = environment.from_string(self._text).module

    @staticmethod
    def _return(value: Any) -> None:
        raise _ReturnedError(value)

    def dispatch(self, name: str) -> Callable[..., Any]:
        """Return the engine's macro of a name, else that of DuckDB."""
        own = getattr(self._module, f"{self._prefix}__{name}", None)
        found: Callable[..., Any] = own or getattr(self._module, f"default__{name}")
        return found

    def sql(self, template: str) -> str:
        """Render SQL that calls macros."""
        text = f"{self._text}{{% macro asked() %}}{template}{{% endmacro %}}"
        module: Any = self._environment.from_string(text).module
        return str(module.asked())
