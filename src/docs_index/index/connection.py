"""What readers need of a connection to the index: sqlite3's, or one over Parquet."""

from collections.abc import Iterator
from typing import Any, Protocol


class Rows(Protocol):
    """The result of a statement."""

    @property
    def description(self) -> Any:
        """The columns; the first field of each is its name."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""

    def fetchone(self) -> Any:
        """Return the next row, None after the last one."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""


class Index(Protocol):
    """A connection to the index. Its SQL is SQLite's."""

    def execute(self, query: str, values: Any = ..., /) -> Rows:
        """Run a statement."""

    def executescript(self, script: str, /) -> object:
        """Run several statements."""
