"""Kill the writing of a cohort before each of its steps, one child process a step.

`python tests/killing.py ROOT DATABASE FOLDER` copies ROOT to FOLDER/1, FOLDER/2, … and
has a child write what DATABASE says into each: that of FOLDER/n ends before its n-th
step, as if it had been killed, until one comes to its end. A step is whatever changes
a name below the copy: a file or directory that is made, renamed or removed.
"""

import os
import shutil
import sys
from itertools import count
from pathlib import Path

from docs_index.cohorts.place import place_cohort
from docs_index.layout import open_cohort_layout

STEPS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")
KILLED = 9


def die_before(step: int, root: Path) -> None:
    """Have this process end before its n-th step below a folder."""
    left = step

    def watch(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        is_write = event == "open" and isinstance(args[2], int) and args[2] & os.O_CREAT
        if (event in STEPS or is_write) and str(args[0]).startswith(str(root)):
            left -= 1
            if left == 0:
                os._exit(KILLED)

    sys.addaudithook(watch)


def main(root: Path, database: Path, folder: Path) -> None:
    """Kill until a child comes to its end."""
    for step in count(1):
        copy = folder / str(step)
        shutil.copytree(root, copy, symlinks=True)
        child = os.fork()
        if child == 0:
            die_before(step, copy)
            place_cohort(open_cohort_layout(copy), "here", database)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != KILLED:
            sys.exit(code)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
