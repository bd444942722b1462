"""Kill the writing of a cohort before each of its steps, one child process a step.

`python tests/killing.py ROOT DATABASE FOLDER` copies ROOT to FOLDER/1, FOLDER/2, … and
has a child write what DATABASE says into each: that of FOLDER/n ends before its n-th
step (see dying.py), until one comes to its end.
"""

import os
import shutil
import sys
from itertools import count
from pathlib import Path

from dying import KILLED, die_before

from docs_index.cohorts.place import place_cohort
from docs_index.layout import open_cohort_layout


def main(root: Path, database: Path, folder: Path) -> None:
    """Kill until a child comes to its end."""
    for step in count(1):
        copy = folder / str(step)
        shutil.copytree(root, copy, symlinks=True)
        child = os.fork()
        if child == 0:
            die_before(step, copy, counts_relative=True)
            place_cohort(open_cohort_layout(copy), "here", database)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != KILLED:
            sys.exit(code)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
