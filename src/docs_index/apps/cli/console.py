"""What scripts show, and how they end: data on stdout, messages on stderr."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import duckdb
import typer

from docs_index.apps.cli import exits
from docs_index.apps.cli.exits import (
    AFTER_INTERRUPT,
    DONE,
    HAS_BAD_ROWS,
    INTERRUPTED,
    NEEDS_A_PERSON,
    end,
    end_of_database,
)
from docs_index.apps.cli.text_tables import cut
from docs_index.errors import BuildError, printable
from docs_index.ingest.materialize import Summary
from docs_index.warehouse.faults import fault_of, is_interrupt

_LONGEST_LINE = 300  # characters of an example; a longer one loses its middle
_ABOUT_NOTICES = """\
Their documents stay as they are. If a table is wrong, correct it, then run `dbt build`
and this script again; if it is right, a new RUN_ID makes documents of it as it is now.
The table backfill_notices of the index lists all."""
_OTHER_VERSION = "the build is of another version: run `dbt build` again"


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Turn every expected error of a block into one message and its exit code."""
    with exits.ending_cleanly():
        try:
            yield
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            message = f"{_OTHER_VERSION} ({str(error).splitlines()[0]})"
            end(message, BuildError.exit_code)
        except (duckdb.Error, RuntimeError) as error:
            if is_interrupt(error):
                end(AFTER_INTERRUPT, INTERRUPTED)
            if not isinstance(error, duckdb.Error):
                raise
            end_of_database(error, fault_of(error))


def print_summary(summary: Summary) -> None:
    """Print a run's summary as text tables on stdout."""
    would = "would be " if summary.dry_run else ""
    data_root = printable(summary.data_root)
    typer.echo(f"data root {data_root}, run_id {printable(summary.run_id)}")
    for line in (*summary.rejected_tables, *summary.missing_folders):
        typer.echo(f"! {cut(printable(line, keep=''), _LONGEST_LINE)}")
    words = {
        "placed": f"{would}written",
        "found": "found complete on disk, indexed",
        "skipped": "skipped, in the index already",
    }
    print_table(
        "documents",
        [(words.get(key, key), count) for key, count in summary.documents.items()],
    )
    print_table("new in the index", list(summary.placed_by_stage.items()))
    print_table("rows not ingested", list(summary.bad_rows_by_reason.items()))
    print_table("counters", list(summary.counters.items()))
    for path in summary.missing_tables:
        typer.echo(f"missing, counted as empty: {path}")
    if summary.examples and (summary.dry_run or summary.conflicts):
        typer.echo("\nfor example")
        for line in summary.examples:
            typer.echo(f"  {cut(printable(line, keep=''), _LONGEST_LINE)}")
    if summary.conflicts and not summary.dry_run:
        typer.echo(
            f"\ndocuments that need a person: {summary.conflicts}; see the table "
            "backfill_conflicts of the index"
        )
    if summary.damaged:
        typer.echo(
            f"\n{summary.damaged} documents are not on disk as they should be: see "
            "7_reporting/documents_consistency_report.csv"
        )
    if summary.bad_list_is_altered:
        typer.echo(
            "\n7_cross_experiment/bad_generations.csv is not what the last run left: "
            "restore it from a backup, or move it away"
        )
    print_written(summary.data_root, summary.changed_files, dry_run=summary.dry_run)
    print_notices(summary)


def print_notices(summary: Summary) -> None:
    """Print what changed in the tables after documents were made; nothing without."""
    if not summary.notices:
        return
    print_table("changed in the tables since", list(summary.notices.items()))
    for line in summary.notice_examples:
        typer.echo(f"  {cut(printable(line, keep=''), _LONGEST_LINE)}")
    typer.echo(_ABOUT_NOTICES)


def print_written(data_root: str, files: Sequence[str], *, dry_run: bool) -> None:
    """Print which files of a data root a command has written, if any."""
    if dry_run:
        typer.echo("\ndry run: nothing was written")
    elif files:
        typer.echo(f"\nwritten under {printable(data_root)}/")
        for file in files:
            typer.echo(f"  {file}")
    else:
        typer.echo("\nnothing new: nothing was written")


def print_table(title: str, rows: Iterable[tuple[str, int]]) -> None:
    """Print names and counts under a title; print nothing without rows."""
    rows = list(rows)
    if rows:
        typer.echo(f"\n{title}")
    for name, count in rows:
        typer.echo(f"  {name:<36}{count:>10}")


def exit_code(summary: Summary, *, strict: bool) -> int:
    """Return the exit code of a run that was not stopped by an error."""
    if summary.conflicts or summary.damaged:
        return NEEDS_A_PERSON
    if strict and (summary.bad_rows_by_reason or summary.notices):
        return HAS_BAD_ROWS
    return DONE
