"""Show the messages and errors of the project's code in a run of Dagster."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import dagster as dg
from dagster._core.errors import DagsterUserCodeProcessError
from dagster_shared.error import SerializableErrorInfo

from docs_index.errors import DocsIndexError

Flush = Callable[[], None]


def told(message: str) -> Exception:
    """Return an error that Dagster shows as this message alone.

    Of any other error, `dagster.Failure` too, it prints the way through its own code,
    and prints it again for the run. This is its error for what another process has
    told, whose traceback would mean nothing here.
    """
    info = SerializableErrorInfo(f"{message}\n", stack=[], cls_name="DocsIndexError")
    error: Exception = DagsterUserCodeProcessError(  # type: ignore[no-untyped-call]
        message, user_code_process_error_infos=[info]
    )
    return error


class _Queue(logging.Handler):
    """Keeps the messages of all threads until the step takes them."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: SimpleQueue[logging.LogRecord] = SimpleQueue()

    def emit(self, record: logging.LogRecord) -> None:
        self.records.put(record)


@contextmanager
def reported(context: dg.AssetExecutionContext) -> Iterator[Flush]:
    """Log a block's messages in the run, and tell its expected errors without a trace.

    Messages are logged at the end, and when the block calls what it gets: Dagster's
    records are written by one thread. A process has one run.
    """
    logger = logging.getLogger("docs_index.cohorts")
    logger.setLevel(logging.INFO)
    queue = _Queue()
    logger.addHandler(queue)

    def flush() -> None:
        while not queue.records.empty():
            record = queue.records.get()
            context.log.log(record.levelno, record.getMessage())

    try:
        yield flush
    except DocsIndexError as error:
        raise told(str(error)) from None
    finally:
        logger.removeHandler(queue)
        flush()
