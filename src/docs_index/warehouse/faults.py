"""Sort DuckDB's errors into kinds of faults, by their class or their text.

Owns the lists of those texts: DuckDB passes on neither SQLite's result codes nor the
system's error numbers, only their messages. Raises nothing and writes nothing.
"""

import errno
import os
import sqlite3

import duckdb

from docs_index.disk.faults import Fault, fault_of_code
from docs_index.disk.faults import fault_of as fault_of_system

_OF_SQLITE = {  # the messages of DuckDB's sqlite extension, with SQLite's result codes
    "database is locked": sqlite3.SQLITE_BUSY,
    "database table is locked": sqlite3.SQLITE_LOCKED,
    "database schema is locked": sqlite3.SQLITE_LOCKED,
    "locking protocol": sqlite3.SQLITE_PROTOCOL,
    "database disk image is malformed": sqlite3.SQLITE_CORRUPT,
    "malformed database schema": sqlite3.SQLITE_CORRUPT,
    "file is not a database": sqlite3.SQLITE_NOTADB,
    "database or disk is full": sqlite3.SQLITE_FULL,
}
_OF_SYSTEM = (errno.ENOSPC, errno.EDQUOT)
_LOCKED = "Could not set lock"  # of DuckDB's own file
_DAMAGE = (duckdb.SerializationException, duckdb.InternalException)
_DAMAGED = ("not a valid DuckDB", "Could not read enough bytes", "orrupt")


def fault_of(error: BaseException) -> Fault:
    """Return the kind of fault of an error from DuckDB, SQLite or the system."""
    if not isinstance(error, duckdb.Error):
        return fault_of_system(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return Fault.FULL
    first, *_ = str(error).splitlines() or [""]
    for text, code in _OF_SQLITE.items():
        if text in first:
            return fault_of_code(code)
    if any(os.strerror(number) in first for number in _OF_SYSTEM):
        return Fault.FULL
    return Fault.LOCKED if _LOCKED in first else Fault.STORAGE


def is_damaged_file(error: duckdb.Error) -> bool:
    """Tell whether the content of a DuckDB file is damaged."""
    return isinstance(error, _DAMAGE) or any(text in str(error) for text in _DAMAGED)


def is_interrupt(error: Exception) -> bool:
    """Tell whether DuckDB raised an error because of a signal."""
    is_plain = type(error) is RuntimeError and str(error) == "Query interrupted"
    return is_plain or isinstance(error, duckdb.InterruptException)
