"""Benchmarks `scripts/aggregate_scores.py` on generation stores of different sizes.

The scores are counted before their time is believed. Works in a temporary folder in
memory, which is removed at the end.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from run import BENCH, BenchError, Usage, compare_stores, parse_sizes, run_process

SCORES = "7_cross_experiment/aggregated_scores.csv"


def measure(work: Path, evaluations: int) -> Usage:
    """Time the aggregation of a new store of so many evaluations.

    Raises:
        BenchError: a step failed, or the table has not a score for each.
    """
    root = work / f"store_{evaluations}"
    environment = {"DATA_ROOT": str(root), "DBT_TARGET_PATH": str(work / "target")}
    sizes = ("--evaluations", str(evaluations), "--essays", "1000", "--done")
    maker = (sys.executable, str(BENCH / "make_store.py"), str(root), *sizes)
    run_process(maker, work, {})
    run_process(("dbt", "--quiet", "parse"), work, environment)  # as `make setup` does
    job = ("python", "scripts/aggregate_scores.py")
    usage, _ = run_process(job, work, environment)
    header, *rows = (root / SCORES).read_text().splitlines()
    place = header.split(",").index("score")
    found = sum(bool(row.split(",")[place]) for row in rows)
    if found != evaluations:
        raise BenchError(f"the table has {found} scores; {evaluations} are right")
    return usage


def main(
    evaluations: Annotated[
        str, typer.Option(help="Evaluations of the stores, with commas.")
    ] = "1000,100000",
    folder: Annotated[
        Path | None, typer.Option(help="Where to work; in memory if not given.")
    ] = None,
) -> None:
    """Time the table of all scores; print seconds, and the largest by the smallest.

    Example: python bench/run_scores.py --evaluations 1000,100000
    """
    compare_stores(measure, parse_sizes(evaluations), folder)


if __name__ == "__main__":
    typer.run(main)
