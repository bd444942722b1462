"""What kind of fault an error of DuckDB is, by its class or else by whose text it has.

Owns the tables of those texts: DuckDB hands over neither SQLite's result codes nor the
system's error numbers, only what these libraries print for them. Raises nothing.
"""

import errno
import os
import sqlite3

import duckdb

from docs_index.disk.faults import Fault, fault_of_code
from docs_index.disk.faults import fault_of as fault_of_system

_OF_SQLITE = {  # what DuckDB's sqlite extension hands over, and the code it had
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
    """Return what kind of fault an error is: of DuckDB, of SQLite or of the system."""
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
    """Tell whether a file of DuckDB's own cannot be opened for what is in it."""
    return isinstance(error, _DAMAGE) or any(text in str(error) for text in _DAMAGED)


def is_interrupt(error: Exception) -> bool:
    """Tell whether an error is what DuckDB makes of a signal."""
    is_plain = type(error) is RuntimeError and str(error) == "Query interrupted"
    return is_plain or isinstance(error, duckdb.InterruptException)
