"""Hold bad_generations.csv against the checksum that the last run left in the index.

Reads the file, and the run record of a copy of the index. While a run replaces the
file, and where a kill ended that run, the file before is right too. Changes nothing.
"""

import csv
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


def check_bad_list(session: Session) -> Iterator[Finding]:
    """Yield what is wrong with the file; without a record nothing is known of it."""
    name = session.layout.within(session.layout.bad_generations)
    recorded = session.db.execute(_RECORDED).fetchone()
    if recorded is None:
        return
    rows, *hashes = recorded
    try:
        content = read_file(session.layout.bad_generations, follow=True)
    except FileNotFoundError:
        if _hash(b"") not in hashes:
            detail = f"it is gone; the last run left it with {rows} rows"
            yield Finding("bad_list_missing", None, name, detail)
    except PermissionError as error:
        yield Finding("bad_list_unreadable", None, name, str(error.strerror))
    except OSError as error:
        if error.errno not in NOT_A_FILE:
            raise
        yield Finding("bad_list_unreadable", None, name, str(error.strerror))
    else:
        if _hash(content) not in hashes:
            others = "others" if str(_rows(content)) == rows else rows
            detail = f"it has {_rows(content)} rows, the last run left {others}"
            yield Finding("bad_list_differs", None, name, detail)


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
