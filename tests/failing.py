"""Have the system fail: the n-th call of a kind, with any code, below one folder.

`failing` is for a block of this process. `python tests/failing.py KIND NTH CODE FOLDER
FILE SCRIPT ARGUMENT…` runs a script so, and leaves in FILE the path of the call that
failed. Only Python's own calls are seen: what SQLite and DuckDB call, in C, is for
`preloaded.c`. A call counts if its path, or the file that it has open, is below the
folder or in a scratch folder of this program.
"""

import builtins
import ctypes
import fcntl
import io
import os
import runpy
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

# Where calls are made, and their kinds.
CALLS = {
    (os, "open"): "open",
    (io, "open"): "open",
    (builtins, "open"): "open",
    (os, "read"): "read",
    (os, "pread"): "read",
    (os, "fstat"): "fstat",
    (os, "stat"): "stat",
    (os, "lstat"): "lstat",
    (os, "listdir"): "scandir",
    (os, "scandir"): "scandir",
    (os, "readlink"): "readlink",
    (os, "write"): "write",
    (os, "pwrite"): "write",
    (os, "fsync"): "fsync",
    (os, "rename"): "rename",
    (os, "replace"): "rename",
    (os, "link"): "link",
    (os, "mkdir"): "mkdir",
    (os, "unlink"): "unlink",
    (os, "remove"): "unlink",
    (os, "rmdir"): "rmdir",
    (os, "ftruncate"): "ftruncate",
    (fcntl, "flock"): "flock",
}
KINDS = (*sorted({*CALLS.values(), "openat", "syncfs"}),)
SCRATCH = f"{tempfile.gettempdir()}/docs_index_"
_readlink = os.readlink


@dataclass
class Calls:
    """The calls of a block by kind; one of them fails, and `path` is where."""

    folder: str
    kind: str = ""
    nth: int = 0
    code: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    path: str | None = None

    def see(self, kind: str, path: str | None) -> None:
        """Count a call, and fail if it is the one that is to fail."""
        if path is None or not path.startswith((self.folder, SCRATCH)):
            return
        self.counted[kind] += 1
        if (kind, self.counted[kind]) == (self.kind, self.nth):
            self.path = path
            raise OSError(self.code, os.strerror(self.code))


@contextmanager
def failing(
    folder: Path, kind: str = "", nth: int = 0, code: int = 0
) -> Iterator[Calls]:
    """Have the n-th call of a kind fail in a block; without a kind, count all calls."""
    calls = Calls(str(folder), kind, nth, code)
    patches = [
        patch.object(module, name, _watched(getattr(module, name), name, kind_, calls))
        for (module, name), kind_ in CALLS.items()
    ]
    patches.append(patch.object(ctypes, "CDLL", _library(ctypes.CDLL, calls)))
    for each in patches:
        each.start()
    try:
        yield calls
    finally:
        for each in reversed(patches):
            each.stop()


def _watched(
    call: Callable[..., Any], name: str, kind: str, calls: Calls
) -> Callable[..., Any]:
    names_path = name not in ("read", "pread", "fstat", "write", "pwrite", "fsync")

    def watched(*args: Any, **kwargs: Any) -> Any:
        target = args[0] if args else kwargs.get("path", ".")
        if not (name == "open" and isinstance(target, int)):
            folder = kwargs.get("dir_fd", kwargs.get("src_dir_fd"))
            actual = kind
            if kind == "open" and folder is not None:
                actual = "openat"
            if kind == "stat" and kwargs.get("follow_symlinks") is False:
                actual = "lstat"
            try:
                calls.see(actual, _path(target, folder))
            except OSError as error:
                if names_path and not isinstance(target, int):
                    error.filename = target  # as the system's own errors do
                raise
        return call(*args, **kwargs)

    return watched


def _library(load: Callable[..., Any], calls: Calls) -> Callable[..., Any]:
    def loaded(*args: Any, **kwargs: Any) -> Any:
        library = load(*args, **kwargs)
        if args == (None,) and hasattr(library, "syncfs"):
            really = library.syncfs

            def syncfs(descriptor: int) -> int:
                try:
                    calls.see("syncfs", _path(descriptor, None))
                except OSError as error:
                    ctypes.set_errno(error.errno or 0)
                    return -1
                result: int = really(descriptor)
                return result

            library.syncfs = syncfs
        return library

    return loaded


def _path(target: Any, folder: int | None) -> str | None:
    """Return the full path of what a call is about."""
    try:
        if isinstance(target, int) or hasattr(target, "fileno"):
            number = target if isinstance(target, int) else target.fileno()
            return _readlink(f"/proc/self/fd/{number}")
        path = os.fsdecode(target)
        if folder is not None and not path.startswith("/"):
            path = f"{_readlink(f'/proc/self/fd/{folder}')}/{path}"
    except (OSError, TypeError):
        return None
    return path


if __name__ == "__main__":
    kind, nth, code, folder, file, *sys.argv = sys.argv[1:]
    with failing(Path(folder), kind, int(nth), int(code)) as calls:
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        finally:
            report = f"{calls.path or ''}\n{dict(calls.counted)!r}\n"
            Path(file).write_text(report)
