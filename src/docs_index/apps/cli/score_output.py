"""The output of the commands about scores: results on stdout, messages on stderr."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from docs_index.apps.cli.run_output import print_written
from docs_index.apps.cli.text_tables import print_table, say, show_table, show_title
from docs_index.cohorts.aggregate import Summary
from docs_index.cohorts.scores import SCORE_COLUMNS, CohortScores, Row
from docs_index.disk.publish import csv_lines, publish
from docs_index.errors import first_few, printable


def print_aggregated(summary: Summary) -> None:
    """Print how many evaluations have a score, and why the others have none."""
    typer.echo(f"data root {printable(summary.data_root)}")
    _print_counts(summary.scored, summary.unscored)
    if summary.unreadable:
        typer.echo(
            f"\ndirectories that cannot be read, left out: {len(summary.unreadable)}"
        )
        for line in first_few(summary.unreadable).split("\n"):
            say(line, "  ")
    print_written(summary.data_root, summary.changed_files, dry_run=False)


def print_scores(scores: CohortScores, limit: int) -> None:
    """Print how judges agree, how each scores, and the first rows of the table."""
    typer.echo(f"cohort {scores.cohort_id}")
    _print_counts(scores.scored, scores.unscored)
    _show(
        "agreement of judges",
        scores.agreement,
        {"evaluation_template": "template", "judges": "judges", "essays": "essays",
         "pairs": "pairs", "alpha": "alpha",
         "mean_absolute_difference": "difference", "no_alpha": "no alpha"},
    )  # fmt: skip
    _show(
        "judges",
        scores.judges,
        {"evaluation_template": "template", "evaluation_llm_model": "model",
         "essays": "essays", "mean": "mean", "lowest": "lowest", "highest": "highest",
         "mean_spread": "spread", "unscored": "no score"},
    )  # fmt: skip
    shown = scores.table[: limit or None]
    _show(
        "essays, the best first",
        shown,
        {"essay_rank": "rank", "parent_gen_id": "essay",
         "evaluation_template": "template", "evaluation_llm_model": "model", "n": "n",
         "mean": "mean", "spread": "spread", "unscored": "no score"},
    )  # fmt: skip
    if len(shown) < len(scores.table):
        left = len(scores.table) - len(shown)
        typer.echo(f"{left} more rows; --limit 0 shows all", err=True)


def write_score_rows(scores: CohortScores, path: Path | None) -> None:
    """Write the whole table as CSV to a file, atomically, or to stdout."""
    rows = [[row[name] for name in SCORE_COLUMNS] for row in scores.table]
    lines = csv_lines([SCORE_COLUMNS, *rows])
    if path is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        sys.stdout.writelines(lines)
    else:
        publish(path, "".join(lines).encode())


def _print_counts(scored: int, unscored: Mapping[str, int]) -> None:
    if not scored and not unscored:
        typer.echo("no evaluations")
    without = sum(unscored.values())
    print_table("evaluations", [("with a score", scored), ("without one", without)])
    print_table(
        "why without a score",
        [(name.replace("_", " "), count) for name, count in unscored.items()],
    )


def _show(title: str, rows: Sequence[Row], columns: Mapping[str, str]) -> None:
    typer.echo()
    show_title(title)
    named = [{head: row[name] for name, head in columns.items()} for row in rows]
    show_table(named)
