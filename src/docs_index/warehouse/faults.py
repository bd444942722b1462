"""Sort DuckDB's errors into kinds of faults, by their class or their text.

Owns the lists of those texts: DuckDB passes on neither SQLite's result codes nor the
system's error numbers, only their messages. Writes nothing.
"""

import errno
import os
import sqlite3

import duckdb

from docs_index.disk.faults import Fault, fault_of_code
from docs_index.disk.faults import fault_of as fault_of_system
from docs_index.errors import (
    DocsIndexError,
    printable,
    told,
)

_OF_SQLITE = {  # the messages of DuckDB's sqlite extension, with SQLite's result codes
    "database is locked": sqlite3.SQLITE_BUSY,
    "database table is locked": sqlite3.SQLITE_LOCKED,
    "database schema is locked": sqlite3.SQLITE_LOCKED,
    "locking protocol": sqlite3.SQLITE_PROTOCOL,
    "database disk image is malformed": sqlite3.SQLITE_CORRUPT,
    "malformed database schema": sqlite3.SQLITE_CORRUPT,
    "file is not a database": sqlite3.SQLITE_NOTADB,
    "database or disk is full": sqlite3.SQLITE_FULL,
    "disk I/O error": sqlite3.SQLITE_IOERR,
    "unable to open database file": sqlite3.SQLITE_CANTOPEN,
    "attempt to write a readonly database": sqlite3.SQLITE_READONLY,
}
OF_MACHINE = "mend the cause, then build again"
"""What a build says at the end of each error that is one of the machine."""

_OF_SYSTEM = (errno.ENOSPC, errno.EDQUOT)
_LOCKED = "Could not set lock"  # of DuckDB's own file
_DAMAGE = (duckdb.SerializationException, duckdb.InternalException)
_DAMAGED = ("not a valid DuckDB", "Could not read enough bytes", "orrupt")


def fault_of(error: BaseException) -> Fault:
    """Return the kind of fault of an error from DuckDB, SQLite or the system."""
    if not isinstance(error, duckdb.Error | RuntimeError):
        return fault_of_system(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return Fault.FULL
    first = first_line(error)
    if fault := fault_of_sqlite(first):
        return fault
    if any(os.strerror(number) in first for number in _OF_SYSTEM):
        return Fault.FULL
    if _LOCKED in first:
        return Fault.LOCKED
    is_of_storage = isinstance(error, duckdb.IOException) or names_system_error(error)
    return Fault.STORAGE if is_of_storage else Fault.UNKNOWN


def fault_of_sqlite(message: str) -> Fault | None:
    """Return the kind of fault that a message of SQLite names, None for another."""
    codes = (code for text, code in _OF_SQLITE.items() if text in message)
    return next(map(fault_of_code, codes), None)


def first_line(error: BaseException) -> str:
    """Return the first line of an error; DuckDB shows statements in the others."""
    return next(iter(str(error).splitlines()), "")


def message_of(error: Exception) -> str:
    """Return an error as a build shows it: one of the machine names its file."""
    if isinstance(error, OSError):
        return printable(f"{told(error)}; {OF_MACHINE}")
    if isinstance(error, DocsIndexError):
        return printable(str(error))
    return printable(first_line(error))


def names_system_error(error: BaseException) -> bool:
    """Tell whether an error's first line quotes an error of the system."""
    return any(os.strerror(number) in first_line(error) for number in errno.errorcode)


def is_damaged_file(error: duckdb.Error) -> bool:
    """Tell whether the content of a DuckDB file is damaged."""
    return isinstance(error, _DAMAGE) or any(text in str(error) for text in _DAMAGED)


def is_interrupt(error: Exception) -> bool:
    """Tell whether DuckDB raised an error because of a signal."""
    is_plain = type(error) is RuntimeError and str(error) == "Query interrupted"
    return is_plain or isinstance(error, duckdb.InterruptException)
