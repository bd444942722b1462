"""Show the messages and errors of the project's code in a run of Dagster."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from docs_index.errors import DocsIndexError


class _RunLog(logging.Handler):
    """Passes the messages of this thread to the log of a run."""

    def __init__(self, run_log: dg.DagsterLogManager) -> None:
        super().__init__(logging.INFO)
        self._run_log = run_log
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._run_log.log(record.levelno, record.getMessage())


@contextmanager
def reported(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Log a block's messages in the run, and raise its expected errors as failures."""
    logger = logging.getLogger("docs_index.cohorts")
    logger.setLevel(logging.INFO)
    handler = _RunLog(context.log)
    logger.addHandler(handler)
    try:
        yield
    except DocsIndexError as error:
        raise dg.Failure(str(error)) from error
    finally:
        logger.removeHandler(handler)
