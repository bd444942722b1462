"""How the plugin tells the process that started dbt why it refused to build.

dbt itself ends with 1 or 2 whatever the reason is. Owns the environment variable that
names a file, and the file's form. Writes that file only.
"""

import json
import os
from pathlib import Path

from docs_index.errors import BuildError, DocsIndexError, LockedError, StorageError
from docs_index.paths import is_file

REFUSAL = "DOCS_INDEX_REFUSAL"
_KINDS: dict[int, type[DocsIndexError]] = {
    kind.exit_code: kind for kind in (BuildError, LockedError, StorageError)
}


def tell_refusal(error: Exception, message: str) -> None:
    """Write an error to the file that `DOCS_INDEX_REFUSAL` names, if it names one."""
    if named := os.environ.get(REFUSAL):
        kind = error if isinstance(error, DocsIndexError) else StorageError
        told = {"exit_code": kind.exit_code, "message": message}
        Path(named).write_text(json.dumps(told), encoding="utf-8")


def read_refusal(path: Path) -> DocsIndexError | None:
    """Return the error that was written to a file, None if there is no file."""
    if not is_file(path):
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    return _KINDS.get(told["exit_code"], BuildError)(told["message"])
