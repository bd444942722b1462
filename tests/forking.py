"""Commands as forks of a process that has imported what they need.

To start Python and import dbt takes seconds; a fork of a process that has done so is
there at once. It is a process like any other, with an environment, a folder, signal
handlers, locks and a SQLite library of its own, so nothing has to be reset between two
commands. What is read while Python starts is not the command's but the first process's:
`can_fork` tells which commands do without.

Run as `python tests/forking.py KIND SOCKET`, this is that process: it ends when the
other end of the socket is closed.
"""

import atexit
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import random
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
DBT = str(Path(sys.executable).with_name("dbt"))
DYING = str(Path(__file__).with_name("dying.py"))
FAILING = str(Path(__file__).with_name("failing.py"))
DBT_MODULES = ("dbt.cli.main", "dbt.adapters.duckdb", "docs_index.warehouse.plugin")
# What is read from the environment while modules are imported.
AT_START = ("PYTHON", "LC_", "LANG", "TMPDIR", "TZ", "HOME", "TERMINAL_WIDTH")

Process = subprocess.CompletedProcess[str]


def can_fork(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Tell whether a command runs a script, and Python would start as it has.

    Only where forks are as good as processes: on Linux.
    """
    is_script = command[0] == DBT or (
        command[0] == sys.executable
        and (
            Path(command[1]).parent.name == "scripts" or command[1] in (DYING, FAILING)
        )
    )
    changed = {
        name
        for name in environment.keys() | os.environ.keys()
        if environment.get(name) != os.environ.get(name)
    }
    return (
        sys.platform == "linux"
        and is_script
        and not any(name.startswith(AT_START) for name in changed)
    )


def run_fork(
    command: Sequence[str], environment: Mapping[str, str], timeout: float
) -> Process:
    """Run a command in the repository to its end; it reads nothing.

    Raises:
        subprocess.TimeoutExpired: it has not ended in time, and was killed.
    """
    kind = "dbt" if command[0] == DBT else "docs_index"
    words = list(command if kind == "dbt" else command[1:])
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        outputs = (out.fileno(), err.fileno())
        code = _server(kind).run(words, environment, outputs, timeout)
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode().replace("\r\n", "\n").replace("\r", "\n"))
    return subprocess.CompletedProcess(list(command), code, *said)


# The side of the tests ---------------------------------------------------------------


class Server:
    """The process that forks, and a socket to it; one command at a time."""

    def __init__(self, kind: str) -> None:
        self._turn = threading.Lock()
        self._socket, theirs = socket.socketpair()
        command = [sys.executable, __file__, kind, str(theirs.fileno())]
        self._process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        atexit.register(self.close)

    def run(
        self,
        words: list[str],
        environment: Mapping[str, str],
        outputs: tuple[int, int],
        timeout: float,
    ) -> int:
        """Run a command, and return its exit code: of a signal, the negative number."""
        with self._turn, tempfile.TemporaryFile() as request:
            request.write(json.dumps([words, dict(environment)]).encode())
            request.seek(0)
            socket.send_fds(self._socket, [b"\0"], [request.fileno(), *outputs])
            child = int(self._answer(None))
            try:
                return int(self._answer(timeout))
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                self._answer(None)
                raise subprocess.TimeoutExpired(words, timeout) from None

    def _answer(self, timeout: float | None) -> bytes:
        self._socket.settimeout(timeout)
        answer = self._socket.recv(_ANSWER_BYTES)
        assert len(answer) == _ANSWER_BYTES, "the process that forks has ended"
        return answer

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.wait()


_ANSWER_BYTES = 12


@cache
def _server(kind: str) -> Server:
    return Server(kind)


# The process that forks --------------------------------------------------------------


def serve(connection: socket.socket) -> None:
    """Fork for each request; return in the fork, as the process that it asks for."""
    while True:
        message, descriptors, *_ = socket.recv_fds(connection, 1, 3)
        if not message:
            os._exit(0)
        child = os.fork()
        if child == 0:
            connection.close()
            _become(*descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        connection.send(b"%12d" % child)
        _, status = os.waitpid(child, 0)
        connection.send(b"%12d" % os.waitstatus_to_exitcode(status))


def _become(request: int, out: int, err: int) -> None:
    with os.fdopen(request) as file:
        sys.argv, environment = json.load(file)
    for descriptor, number in ((out, 1), (err, 2)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = str(Path(sys.argv[0]).parent)
    random.seed()


def _prepare(kind: str) -> None:
    """Import what commands of a kind import; have no thread, which forks would lose."""
    duckdb = importlib.import_module("duckdb")
    for module in DBT_MODULES if kind == "dbt" else _commands():
        importlib.import_module(module)
    duckdb.close()  # importing it has made a connection
    if kind != "dbt":
        _trust_extensions(duckdb)
    assert threading.active_count() == len(os.listdir("/proc/self/task")) == 1
    gc.collect()
    gc.freeze()


def _trust_extensions(duckdb: ModuleType) -> None:
    """Have DuckDB not check an extension's signature, which takes 0.2 seconds.

    Commands that are processes of their own check it.
    """
    connect = duckdb.connect

    def trusting(*args: Any, **options: Any) -> Any:
        trust = {"allow_unsigned_extensions": True}
        options["config"] = {**options.get("config", {}), **trust}
        return connect(*args, **options)

    duckdb.connect = trusting  # type: ignore[attr-defined]


def _commands() -> list[str]:
    package = importlib.import_module("docs_index.apps.cli.commands")
    found = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    imported_late = ["openai"] if importlib.util.find_spec("openai") else []
    names = [module.name for module in found]
    return ["docs_index.apps.cli.app", "rich.progress", *names, *imported_late]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the other end of the socket heeds it
    _prepare(sys.argv[1])
    serve(socket.socket(fileno=int(sys.argv[2])))
    runpy.run_path(sys.argv[0], run_name="__main__")
