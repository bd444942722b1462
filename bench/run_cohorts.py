"""Benchmarks `scripts/build_cohort.py` on generation stores of different sizes.

The membership is counted before its time is believed. Works in a temporary folder in
memory, which is removed at the end.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from run import BENCH, BenchError, Usage, compare_stores, parse_sizes, run_process

COHORT = "bench"


def measure(work: Path, evaluations: int, essays: int) -> Usage:
    """Time the building of a cohort over a new store of so many evaluations.

    Raises:
        BenchError: a step failed, or the membership is not of all essays.
    """
    root = work / f"store_{evaluations}"
    environment = {"DATA_ROOT": str(root), "DBT_TARGET_PATH": str(work / "target")}
    sizes = ("--evaluations", str(evaluations), "--essays", str(essays))
    maker = (sys.executable, str(BENCH / "make_store.py"), str(root), *sizes)
    run_process(maker, work, {})
    run_process(("dbt", "--quiet", "parse"), work, environment)  # as `make setup` does
    job = ("python", "scripts/build_cohort.py", "--cohort", COHORT)
    usage, _ = run_process(job, work, environment)
    listed = (root / "cohorts" / COHORT / "membership.csv").read_text().splitlines()
    found = sum(line.startswith("essay,") for line in listed)
    if found != essays:
        raise BenchError(f"the membership has {found} essays; {essays} are right")
    return usage


def main(
    evaluations: Annotated[
        str, typer.Option(help="Evaluations of the stores, with commas.")
    ] = "10000,100000",
    essays: Annotated[int, typer.Option(min=1, help="Selected essays.")] = 1000,
    folder: Annotated[
        Path | None, typer.Option(help="Where to work; in memory if not given.")
    ] = None,
) -> None:
    """Time the membership of a cohort; print seconds, and the largest by the smallest.

    Example: python bench/run_cohorts.py --evaluations 10000,100000
    """
    compare_stores(
        lambda work, size: measure(work, size, essays), parse_sizes(evaluations), folder
    )


if __name__ == "__main__":
    typer.run(main)
