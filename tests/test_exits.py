"""Every error that is foreseen ends in one line on stderr and its exit code."""

import errno
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import duckdb
import pytest
import typer

from docs_index.apps.cli import exits
from docs_index.apps.cli.console import ending_cleanly
from docs_index.errors import VERIFY, DocsIndexError, printable

MALFORMED = "database disk image is malformed"
AGAIN = "; run again to complete"


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """A script sets signals and a mask for good; a test must not."""
    mask = os.umask(0o022)
    os.umask(mask)
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = {number: signal.getsignal(number) for number in numbers}
    yield
    os.umask(mask)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def of_sqlite(code: int, message: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(message)
    error.sqlite_errorcode = code
    return error


BY_ALL = [
    (DocsIndexError("no"), 2, "no"),
    (OSError(errno.EIO, "Input/output error"), 74, f"Input/output error{AGAIN}"),
    (OSError(errno.ENOSPC, "full"), 74, "full; free some room, then run again"),
    (OSError(errno.EACCES, "no"), 74, "no; give this user the permission, then run"),
    (OSError(errno.EROFS, "no"), 74, "no; make that file system writable, then run"),
    (of_sqlite(sqlite3.SQLITE_BUSY, "locked"), 75, f"locked{AGAIN}"),
    (of_sqlite(sqlite3.SQLITE_IOERR, "disk I/O error"), 74, f"disk I/O error{AGAIN}"),
    (of_sqlite(sqlite3.SQLITE_CORRUPT, "malformed"), 2, f"malformed; {VERIFY}"),
    (UnicodeEncodeError("utf-8", "\udcff", 0, 1, "lone"), 2, "is not UTF-8"),
    (KeyboardInterrupt(), 130, "interrupted; run again to complete"),
]
BY_SCRIPTS_ON_DUCKDB = [
    (duckdb.IOException("database is locked\nmore"), 75, f"database is locked{AGAIN}"),
    (duckdb.IOException("disk I/O error"), 74, f"disk I/O error{AGAIN}"),
    (duckdb.Error(f"x: {MALFORMED}"), 2, f"x: {MALFORMED}; {VERIFY}"),
    (duckdb.CatalogException("Table x"), 2, "of another version"),
    (duckdb.InterruptException("INTERRUPT"), 130, "interrupted; run again"),
    (RuntimeError("Query interrupted"), 130, "interrupted; run again"),
]


@pytest.mark.parametrize(
    ("ending", "error", "code", "said"),
    [(exits.ending_cleanly, *case) for case in BY_ALL]
    + [(ending_cleanly, *case) for case in BY_ALL + BY_SCRIPTS_ON_DUCKDB],
)
def test_a_foreseen_error_has_one_line_and_its_code(
    ending: Callable[[], AbstractContextManager[None]],
    error: BaseException,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as ended, ending():
        raise error
    captured = capsys.readouterr()
    assert ended.value.exit_code == code
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert printable(said) in captured.err
    assert captured.err.count("\n") == 1


def test_an_error_that_is_not_foreseen_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="a fault of ours"), ending_cleanly():
        raise RuntimeError("a fault of ours")
