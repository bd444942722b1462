"""Commands on a terminal: a real one, of a given width, whose screen is read.

There is no hidden switch: a command asks stdout whether it is a terminal.
"""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread

REPOSITORY = Path(__file__).resolve().parent.parent
LINES = 24


def on_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    columns: int = 80,
    exit_code: int = 0,
) -> str:
    """Return what a command prints on a terminal; stderr goes elsewhere."""
    without = {"COLUMNS", "LINES", "NO_COLOR"}
    inherited = {k: v for k, v in os.environ.items() if k not in without}
    process = run_on_terminal(command, inherited | dict(environment), columns=columns)
    assert process.returncode == exit_code, process.stderr
    return process.stdout


def run_on_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    columns: int = 80,
    folder: Path = REPOSITORY,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a command whose stdout is a terminal; return what both outputs got."""
    leader, follower = pty.openpty()
    size = struct.pack("HHHH", LINES, columns, 0, 0)
    fcntl.ioctl(follower, termios.TIOCSWINSZ, size)
    pieces: list[bytes] = []
    reading = Thread(target=_read, args=(leader, pieces))
    reading.start()
    try:
        process = subprocess.run(
            list(command),
            cwd=folder,
            env={"TERM": "xterm"} | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=follower,
            stderr=subprocess.PIPE,
            timeout=timeout,
            check=False,
        )
    finally:
        os.close(follower)
        reading.join()
        os.close(leader)
    said = [b"".join(pieces), process.stderr]
    texts = [each.decode().replace("\r\n", "\n") for each in said]
    return subprocess.CompletedProcess(list(command), process.returncode, *texts)


def _read(leader: int, pieces: list[bytes]) -> None:
    try:
        while piece := os.read(leader, 65536):
            pieces.append(piece)
    except OSError:  # Linux tells the end so
        pass
