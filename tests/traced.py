"""Record the system calls of a command on a folder, and replay them on a model disk.

Owns running strace and reading what it writes. A call takes effect where it has ended;
a sync makes durable what was done before it began. The command must have one process.
A call that could change the folder and is not known here fails the replay.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from power_cut import Disk, File, Folder, Node, Syncing

NO_STRACE = "there is no strace that works"
SYNCS = ("fsync", "fdatasync", "syncfs", "sync")
UNKNOWN = (  # that would change a file without being understood
    "writev", "pwritev", "pwritev2", "fallocate", "truncate", "msync", "sendfile",
    "copy_file_range", "symlink", "symlinkat", "dup", "dup2", "dup3",
    "sync_file_range", "link", "linkat",
)  # fmt: skip
KNOWN = (
    "open", "openat", "close", "write", "pwrite64", "lseek", "ftruncate", "rename",
    "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
)  # fmt: skip
ON_FILES = ("write", "pwrite64", "lseek", "ftruncate")
STRACE = ("strace", "-f", "-y", "-xx", "-qq", "-s", "16777216", "--seccomp-bpf")
TRACE = f"trace={','.join((*KNOWN, *UNKNOWN, *SYNCS))}"
# Copies are made by read and write, so that the record has what is written.
PROGRAM = (
    "import runpy, shutil, sys; shutil._USE_CP_SENDFILE = False; "
    "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)


@dataclass(frozen=True)
class Step:
    """A call that begins (without a result) or ends."""

    thread: str
    name: str
    arguments: tuple[str, ...]
    result: int | None = None


@dataclass
class Opened:
    """What a file descriptor is of."""

    node: Node
    appends: bool
    position: int = 0


def can_trace() -> bool:
    """Tell whether strace is there and may trace."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*STRACE, "true"], capture_output=True).returncode == 0


def record(
    script: Sequence[str], environment: Mapping[str, str], folder: Path, trace: Path
) -> list[Step]:
    """Run a script of this Python to its good end; return its steps in a folder."""
    command = [*STRACE, "-e", TRACE, "-o", str(trace), sys.executable, "-c", PROGRAM]
    subprocess.run(
        [*command, *script], env=environment, check=True, capture_output=True
    )
    with trace.open(encoding="ascii") as lines:
        return list(read(lines, folder))


def read(lines: Iterable[str], folder: Path) -> Iterator[Step]:
    """Yield the steps of strace's lines that concern a folder.

    A call that is not interrupted by another thread's begins and ends in one line.
    """
    hexed = "".join(f"\\x{byte:02x}" for byte in os.fsencode(folder))
    begun: dict[str, str] = {}
    for line in lines:
        thread, _, text = line.rstrip("\n").partition(" ")
        text = text.lstrip()
        resumed = re.match(r"<\.\.\. (\w+) resumed>", text)
        if text.endswith("<unfinished ...>"):
            text = text.removesuffix("<unfinished ...>").rstrip()
            begun[thread] = text
            yield from _steps(thread, text, None, hexed)
            continue
        if resumed:
            text = begun.pop(thread) + text[resumed.end() :]
        ended = re.search(r"\)\s+= (-?\d+)[^\"]*$", text)
        if ended is None or int(ended[1]) < 0:
            continue
        if not resumed:
            yield from _steps(thread, text[: ended.start()], None, hexed)
        yield from _steps(thread, text[: ended.start()], int(ended[1]), hexed)


def _steps(thread: str, text: str, result: int | None, hexed: str) -> Iterator[Step]:
    name, _, listed = text.partition("(")
    arguments = tuple(listed.split(", "))
    begins = name in (*SYNCS, "close")  # which matter where they begin
    # The data of a write may name the folder too.
    concerns = hexed in (arguments[0] if name in ON_FILES else listed)
    if (concerns or name == "sync") and (result is not None or begins):
        yield Step(thread, name, arguments, result)


class Player:
    """Makes recorded steps on a model disk of the folder that they concern."""

    def __init__(self, disk: Disk, folder: Path) -> None:
        self.disk = disk
        self._folder = str(folder)
        self._opened: dict[str, Opened] = {}
        self._syncing: dict[str, Syncing] = {}

    def play(self, step: Step) -> None:
        """Make a step."""
        if step.name in SYNCS:
            self._sync(step)
        elif step.name == "close":
            if step.result is None:
                self._opened.pop(_number(step.arguments[0]), None)
        elif step.name in ("open", "openat"):
            self._open(step)
        elif step.name in ON_FILES:
            self._use(step)
        else:
            self._name(step)

    def _sync(self, step: Step) -> None:
        if step.result is not None:
            self.disk.end_sync(self._syncing.pop(step.thread))
            return
        node = None
        if step.name in ("fsync", "fdatasync"):
            node = self._opened[_number(step.arguments[0])].node
        self._syncing[step.thread] = self.disk.begin_sync(node)

    def _open(self, step: Step) -> None:
        arguments = step.arguments[step.name == "openat" :]
        [path] = self._paths(step.arguments[: 1 + (step.name == "openat")])
        flags = arguments[1].split("|")
        if path is None:
            return
        node = self.disk.find(path)
        if node is None:
            assert "O_CREAT" in flags, step
            node = self.disk.create(path)
        if "O_TRUNC" in flags and isinstance(node, File):
            self.disk.truncate(node, 0)
        self._opened[str(step.result)] = Opened(node, "O_APPEND" in flags)

    def _use(self, step: Step) -> None:
        number = _number(step.arguments[0])
        assert step.result is not None
        if step.name == "lseek":
            if number in self._opened:  # else a folder's, duplicated for listing it
                self._opened[number].position = step.result
            return
        opened = self._opened[number]
        assert isinstance(opened.node, File)
        if step.name == "ftruncate":
            self.disk.truncate(opened.node, int(step.arguments[1]))
            return
        data = _decoded(step.arguments[1])[: step.result]
        if step.name == "pwrite64":
            self.disk.write(opened.node, int(step.arguments[3]), data)
            return
        if opened.appends:
            opened.position = len(opened.node.current())
        self.disk.write(opened.node, opened.position, data)
        opened.position += step.result

    def _name(self, step: Step) -> None:
        assert step.name in KNOWN, step
        old, *new = self._paths(step.arguments)
        assert old is not None and None not in new, step
        if step.name.startswith("mkdir"):
            self.disk.create(old, Folder())
        elif step.name.startswith("rename"):
            self.disk.rename(old, str(new[0]))
        else:
            self.disk.remove(old)

    def _paths(self, arguments: Sequence[str]) -> list[str | None]:
        """Return the paths among a call's arguments, relative to the folder.

        A path outside of it is None.
        """
        paths: list[str | None] = []
        above = os.fsencode(os.getcwd())
        for argument in arguments:
            if argument.startswith('"'):
                path = os.path.normpath(os.path.join(above, _decoded(argument)))
                inside = f"{os.fsdecode(path)}/".removeprefix(f"{self._folder}/")
                paths.append(None if inside.startswith("/") else inside.rstrip("/"))
            elif argument.endswith(">"):  # a folder's descriptor, with its path
                above = _decoded(f'"{argument.partition("<")[2][:-1]}"')
        return paths


def _number(argument: str) -> str:
    return argument.partition("<")[0]


def _decoded(argument: str) -> bytes:
    """Return the bytes of an argument, which strace writes as hexadecimal numbers."""
    assert argument.endswith('"'), "the record is cut off"
    return bytes.fromhex(argument.strip('"').replace("\\x", ""))
