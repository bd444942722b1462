"""However a worker or its call ends, the parent raises an error with a message."""

import builtins
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import duckdb
import pytest

from docs_index.disk.workers import started_workers
from docs_index.errors import StorageError


def called(function: Callable[[str], object], task: str) -> object:
    with started_workers(2, "duckdb", None) as workers:
        return list(workers.map(function, [task]))


def test_an_error_of_a_database_is_handed_on() -> None:
    with pytest.raises(duckdb.CatalogException, match="nowhere"):
        called(duckdb.execute, "from nowhere")


@pytest.mark.parametrize("sent", [0, 5])
def test_a_worker_that_dies_while_it_answers_is_told(sent: int) -> None:
    answer = pickle.dumps((True, "an answer"))
    program = f"import os; os.write(1, {answer[:sent]!r}); os._exit(9)"
    with pytest.raises(StorageError, match="a worker process has died: run again"):
        called(builtins.exec, program)


_IN_A_THREAD = """
import threading, time
from docs_index.disk.workers import started_workers

def sleep():
    with started_workers(2, "time", None, interruptible=True) as workers:
        print("started", flush=True)
        list(workers.map(time.sleep, [600] * 4))

thread = threading.Thread(target=sleep)
thread.start()
try:
    time.sleep(600)
except KeyboardInterrupt:
    thread.join()
"""


def test_an_interrupt_ends_workers_whose_parent_is_a_thread() -> None:
    command = [sys.executable, "-c", _IN_A_THREAD]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, messages = process.communicate(timeout=60)
    assert "KeyboardInterrupt" not in messages
    assert messages.rstrip().endswith("a worker process has died: run again")
