"""Sort errors of the system and of SQLite into kinds of faults, by their codes.

Owns that one decision, so that no other module searches the text of a message. Which
codes of the system are a path's own is in `paths`. Raises nothing and writes nothing.
`warehouse.faults` does the same for DuckDB's errors.
"""

import errno
import sqlite3
from enum import Enum

from docs_index.paths import is_of_a_path


class Fault(Enum):
    """A kind of fault, with what the user can do about it."""

    LOCKED = "another program keeps it to itself: wait"
    DAMAGED = "it is not what this program has written: verify or rebuild"
    FULL = "there is no room: free some"
    PATH = "the file or its path is so, and not the machine: name another file"
    STORAGE = "the system fails, or its code is not known: run again"
    STATEMENT = "what a statement names or reads is not as it must be"
    UNKNOWN = "the error has no code"


_OF_SQLITE = {  # primary result codes; others are of STORAGE
    sqlite3.SQLITE_BUSY: Fault.LOCKED,
    sqlite3.SQLITE_LOCKED: Fault.LOCKED,
    sqlite3.SQLITE_PROTOCOL: Fault.LOCKED,
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.DAMAGED,
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_ERROR: Fault.STATEMENT,
}
_OF_SYSTEM = {errno.ENOSPC: Fault.FULL, errno.EDQUOT: Fault.FULL}


def fault_of(error: BaseException) -> Fault:
    """Return what kind of fault an error is."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return Fault.UNKNOWN if code is None else fault_of_code(code)
    if isinstance(error, OSError):
        if is_of_a_path(error):
            return Fault.PATH
        return _OF_SYSTEM.get(error.errno or 0, Fault.STORAGE)
    return Fault.UNKNOWN


def fault_of_code(code: int) -> Fault:
    """Return what kind of fault a primary or extended result code of SQLite is."""
    return _OF_SQLITE.get(code & 0xFF, Fault.STORAGE)
