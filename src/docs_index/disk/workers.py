"""Worker processes, which make one call after the other and end with their parent.

Owns those processes and the pipes to them; touches no file. Each worker inherits the
lock that its parent took, if any: after a kill, no run can begin before the last worker
has noticed that its parent is gone. Calls and results are pickled, so functions must be
importable. Run as `python -m docs_index.disk.workers MODULE`.
"""

import gc
import importlib
import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from docs_index.errors import StorageError

_AHEAD = 4  # calls per worker, so that none idles while its parent is busy

Task = TypeVar("Task")
Result = TypeVar("Result")


class Workers:
    """A few worker processes; with `count` 1 this process does the work itself.

    Each process imports `module`, which has the functions to call, as soon as it
    starts: this saves time while the parent is still preparing. The parent handles
    Ctrl-C, unless the workers are `interruptible`.
    """

    def __init__(
        self,
        count: int,
        module: str,
        lock_descriptor: int | None,
        *,
        interruptible: bool = False,
    ) -> None:
        self.count = count
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "docs_index.disk.workers", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[] if lock_descriptor is None else [lock_descriptor],
                start_new_session=not interruptible,
            )
            for _ in range(count if count > 1 else 0)
        ]
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(1 + len(self._processes))

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[Result]:
        """Yield results in the order of the tasks; only a few tasks run ahead."""
        if not self._processes:
            yield from map(function, tasks)
            return
        waiting: deque[Future[Result]] = deque()
        for task in tasks:
            waiting.append(self._threads.submit(self._call, function, task))
            if len(waiting) > _AHEAD * len(self._processes):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def in_background(self, function: Callable[[], Result]) -> Future[Result]:
        """Call a function in a thread of this process; only one runs at a time.

        The function may call `map`. A `map` that is running at `close` ends with an
        error.
        """
        return self._threads.submit(function)

    def close(self) -> None:
        """Let every worker end once its call is done."""
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            assert process.stdin is not None and process.stdout is not None
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()
            process.wait()

    def _call(self, function: Callable[[Task], Result], task: Task) -> Result:
        process = self._idle.get()
        assert process.stdin is not None and process.stdout is not None
        try:
            pickle.dump((function, task), process.stdin)
            process.stdin.flush()
            is_good, result = pickle.load(process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise StorageError("a worker process has died: run again") from error
        finally:
            self._idle.put(process)  # a dead one too: the next call must not wait
        if not is_good:
            raise result
        answer: Result = result
        return answer


@contextmanager
def started_workers(
    count: int,
    module: str,
    lock_descriptor: int | None,
    *,
    interruptible: bool = False,
) -> Iterator[Workers]:
    """Yield workers that end with the block."""
    workers = Workers(count, module, lock_descriptor, interruptible=interruptible)
    try:
        yield workers
    finally:
        workers.close()


def _serve() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # without a traceback
    calls, results = sys.stdin.buffer, sys.stdout.buffer
    importlib.import_module(sys.argv[1])
    gc.disable()  # the calls leave no reference cycles
    while True:
        try:
            function, task = pickle.load(calls)
        except (EOFError, pickle.UnpicklingError):
            return
        answer: tuple[bool, Any]
        try:
            answer = True, function(task)
        except Exception as error:  # every error is raised again in the parent
            answer = False, error
        try:
            pickle.dump(answer, results)
            results.flush()
        except BrokenPipeError:
            os._exit(1)  # the parent is gone, and nobody reads a message


if __name__ == "__main__":
    _serve()
