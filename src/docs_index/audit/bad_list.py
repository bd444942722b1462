"""Hold bad_generations.csv against the checksum that the last run left in the index.

Reads the file, and the run record of a copy of the index. While a run replaces the
file, and where a kill ended that run, the file before is right too. Changes nothing.
"""

import csv
import errno
import hashlib
import io
from collections.abc import Iterator

from docs_index.audit.findings import Finding
from docs_index.disk.confined import NOT_A_FILE, read_file
from docs_index.warehouse.session import Session

_RECORDED = (
    "select listed_rows, listed_hash, replaced_hash from stored.run_record "
    "where listed_hash is not null"
)
_LONGEST = 2**24  # characters of a value
Fault = tuple[str, str]
"""The code and the detail of a finding."""


def check_bad_list(session: Session) -> Iterator[Finding]:
    """Yield what is wrong with the file; without a record nothing is known of it."""
    path = session.layout.bad_generations
    recorded = session.db.execute(_RECORDED).fetchone()
    if recorded is None:
        return
    try:
        content = read_file(path, follow=True)
        fault = _difference(content, *recorded)
    except FileNotFoundError:
        fault = _absence(*recorded)
    except OSError as error:
        if error.errno not in (*NOT_A_FILE, errno.EACCES):
            raise
        fault = "bad_list_unreadable", f"{error.strerror}"
    if fault:
        code, detail = fault
        yield Finding(code, None, session.layout.within(path), detail)


def _difference(
    content: bytes, rows: str, listed_hash: str, replaced_hash: str | None
) -> Fault | None:
    found = _rows(content)
    if _hash(content) == replaced_hash or (_hash(content), str(found)) == (
        listed_hash,
        rows,
    ):
        return None
    left = "others" if str(found) == rows else rows
    return "bad_list_differs", f"it has {found} rows; after the last run it had {left}"


def _absence(rows: str, listed_hash: str, replaced_hash: str | None) -> Fault | None:
    if replaced_hash == _hash(b""):
        return None
    return "bad_list_missing", f"it is gone; after the last run it had {rows} rows"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _rows(content: bytes) -> int:
    """Return how many rows a damaged file seems to have, without its header."""
    text = content.decode("utf-8-sig", errors="replace").replace("\0", "")
    limit = csv.field_size_limit(_LONGEST)
    try:
        return max(sum(1 for row in csv.reader(io.StringIO(text)) if row) - 1, 0)
    except csv.Error:
        return text.count("\n")
    finally:
        csv.field_size_limit(limit)
