"""Look which folders of response files are missing, of those that SQL names.

The model doubtful_folders names them, missing_folders says what follows from it. Writes
nothing.
"""

import errno
import os
from collections.abc import Iterator

from docs_index.warehouse.session import Session

_ODD_PATH = (errno.ENAMETOOLONG, errno.ELOOP)  # the rows say so themselves


def absent_folders(session: Session) -> Iterator[tuple[str]]:
    """Yield the folders that are not there, with links followed.

    Raises:
        OSError: the system cannot look.
    """
    for (folder,) in session.rows("select folder from build.plan.doubtful_folders"):
        try:
            os.stat(session.layout.root / folder)
        except (FileNotFoundError, NotADirectoryError):
            yield (folder,)
        except OSError as error:
            if error.errno not in _ODD_PATH:
                raise
