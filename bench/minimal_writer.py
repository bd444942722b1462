"""The floor of the benchmarks: what writing the tree costs when nothing is decided.

Takes the directories and the file sizes of a tree that is there, and writes the like
of it from bytes in memory with `os.mkdir`, `os.open` and `os.write`: no CSV, no hash,
no index. Only the writing is timed, from the start of the processes to the last end.
"""

import argparse
import json
import multiprocessing
import os
import time
from pathlib import Path
from typing import NamedTuple


class Document(NamedTuple):
    """A document directory: its path below the tree, its files' names and sizes."""

    path: str
    files: list[tuple[str, int]]


def read_plan(tree: Path) -> list[Document]:
    """List the directories of `tree` that hold files, siblings next to each other."""
    plan = []
    for folder, _, names in os.walk(tree):
        if names:
            files = [(name, os.stat(f"{folder}/{name}").st_size) for name in names]
            plan.append(Document(os.path.relpath(folder, tree), files))
    return plan


def write_documents(target: Path, plan: list[Document], data: bytes) -> None:
    """Write each document of `plan`, its files filled from the start of `data`."""
    view = memoryview(data)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    last_parent = ""
    for path, files in plan:
        parent = os.path.dirname(path)
        if parent != last_parent:
            os.makedirs(f"{target}/{parent}", exist_ok=True)
            last_parent = parent
        os.mkdir(f"{target}/{path}")
        for name, size in files:
            descriptor = os.open(f"{target}/{path}/{name}", flags, 0o644)
            os.write(descriptor, view[:size])
            os.close(descriptor)


def write_tree(target: Path, plan: list[Document], processes: int) -> float:
    """Write `plan` below `target` in so many processes; return the seconds it took."""
    data = b"x" * max((size for _, files in plan for _, size in files), default=0)
    share = -(-len(plan) // processes) or 1
    context = multiprocessing.get_context("fork")
    started = time.perf_counter()
    workers = [
        context.Process(
            target=write_documents, args=(target, plan[first : first + share], data)
        )
        for first in range(0, len(plan), share)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - started
    if any(worker.exitcode for worker in workers):
        raise OSError(f"a writing process failed: {target} is not complete")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path, help="the tree to write the like of")
    parser.add_argument("target", type=Path, help="a new folder for it")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    plan = read_plan(options.tree)
    options.target.mkdir(parents=True)
    seconds = write_tree(options.target, plan, options.processes)
    print(json.dumps({"documents": len(plan), "seconds": seconds}))


if __name__ == "__main__":
    main()
