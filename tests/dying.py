"""Run a script that ends before one of its steps, as if it had been killed.

`python tests/dying.py STEP ROOT SCRIPT ARGUMENT…` runs the script in this process, and
ends it before its STEP-th step below ROOT with the exit code of `KILLED`: nothing is
flushed, closed or cleaned up. A step is whatever changes a name: a file or directory
that is made, renamed or removed.
"""

import os
import runpy
import sys
from pathlib import Path

STEPS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")
KILLED = 9


def die_before(step: int, root: Path, *, counts_relative: bool = False) -> None:
    """Have this process end before its n-th step below a folder.

    A path that is relative to an open directory counts only on demand: a step for each
    file of each document is many.
    """
    left = step

    def watch(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        is_write = event == "open" and isinstance(args[2], int) and args[2] & os.O_CREAT
        if event not in STEPS and not is_write:
            return
        path = str(args[0])
        is_relative = counts_relative and not path.startswith("/")
        if is_relative or path.startswith(str(root)):
            left -= 1
            if left == 0:
                os._exit(KILLED)

    sys.addaudithook(watch)


if __name__ == "__main__":
    step, root, *sys.argv = sys.argv[1:]
    die_before(int(step), Path(root))
    runpy.run_path(sys.argv[0], run_name="__main__")
