"""How commands end: one message on stderr, and an exit code of MEANINGS.

Commands that only read start at once, so nothing heavy is imported here.
"""

import errno
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from docs_index.disk.faults import Fault, fault_of
from docs_index.errors import (
    VERIFY,
    DocsIndexError,
    IndexFileError,
    LockedError,
    StorageError,
    printable,
    told,
)
from docs_index.layout import keep_from_strangers

DONE, NEEDS_A_PERSON, HAS_BAD_ROWS, INTERRUPTED, UNREAD = 0, 1, 3, 130, 141
MEANINGS = {
    DONE: "done",
    NEEDS_A_PERSON: "finished, but something is not as it should be: see the output",
    DocsIndexError.exit_code: "wrong usage, or input refused: nothing was written",
    HAS_BAD_ROWS: "with --strict: there are rejected rows or notices",
    StorageError.exit_code: "reading or writing failed: mend the cause, then run again",
    LockedError.exit_code: "another program uses this data root: try again later",
    INTERRUPTED: "interrupted: run again to complete",
}
OF_ALL = (
    DONE,
    DocsIndexError.exit_code,
    StorageError.exit_code,
    LockedError.exit_code,
    INTERRUPTED,
)
"""The exit codes that every command may end with."""
_REFUSALS = {
    errno.EACCES: "give this user the permission, then ",
    errno.EPERM: "give this user the permission, then ",
    errno.EROFS: "make that file system writable, then ",
}
"""What to do before running again, by the system's codes of a refusal."""
AFTER_INTERRUPT = "interrupted; run again to complete"


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Turn every expected error, except DuckDB's, into a message and an exit code."""
    _heed_interrupts(_interrupt)
    _open_closed_streams()
    keep_from_strangers()
    try:
        yield
    except DocsIndexError as error:
        end(str(error), error.exit_code)
    except BrokenPipeError:  # the reader has gone: `materialize_docs.py | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(UNREAD) from None
    except OSError as error:
        is_full = fault_of(error) is Fault.FULL
        first = _REFUSALS.get(error.errno or 0, "")
        first = "free some room, then " if is_full else first
        end(f"{told(error)}; {first}run again to complete", StorageError.exit_code)
    except sqlite3.Error as error:
        end_of_database(error, fault_of(error))
    except UnicodeEncodeError as error:
        end(f"{error.object!r} is not UTF-8", DocsIndexError.exit_code)
    except KeyboardInterrupt:
        end(AFTER_INTERRUPT, INTERRUPTED)


def end_of_database(error: Exception, fault: Fault) -> NoReturn:
    """End with a database's own message and the remedy for its fault."""
    message, *_ = str(error).splitlines()
    if fault is Fault.DAMAGED:
        end(f"{message}; {VERIFY}", IndexFileError.exit_code)
    code = (LockedError if fault is Fault.LOCKED else StorageError).exit_code
    end(f"{message}; run again to complete", code)


def end(message: str, code: int) -> NoReturn:
    """Print what is wrong, and end with an exit code."""
    typer.echo(f"error: {printable(message)}", err=True)
    raise typer.Exit(code)


def _open_closed_streams() -> None:
    """Open a stream that is closed (`>&-`), so that what is written to it is lost.

    Otherwise a database could get its number, and a message be written into that.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            mode = "w" if number else "r"
            setattr(sys, name, os.fdopen(opened, mode, encoding="utf-8"))


def _heed_interrupts(handler: Callable[..., None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as in a background job
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    """End with cleaning up; a second signal ends at once, which is safe too."""
    _heed_interrupts(_end_at_once)
    raise KeyboardInterrupt


def _end_at_once(*_: object) -> None:
    os.write(2, f"error: {AFTER_INTERRUPT}\n".encode())
    os._exit(INTERRUPTED)
