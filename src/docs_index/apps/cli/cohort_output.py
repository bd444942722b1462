"""The output of the cohort scripts: results on stdout, messages on stderr."""

import logging
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import typer

from docs_index.apps.cli.console import print_table, print_written
from docs_index.cohorts.place import Summary as Building
from docs_index.cohorts.run import Summary as Running
from docs_index.cohorts.select import Chosen
from docs_index.cohorts.states import Standing, State, Tally, reasons
from docs_index.errors import first_few, printable


def show_skipping(*, quiet: bool) -> None:
    """Print a line for each skipped step, unless a progress bar is shown."""
    logger = logging.getLogger("docs_index.cohorts")
    logger.addHandler(logging.StreamHandler())
    logger.setLevel(logging.WARNING if quiet or sys.stderr.isatty() else logging.INFO)


def wait_for_answers() -> None:
    """Print that the run was interrupted; from now on a signal ends it at once."""
    typer.echo(
        "interrupted: waiting for answers that are paid for; once more to leave them",
        err=True,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def print_building(summary: Building) -> None:
    """Print the members of a cohort, and the calls that it needs."""
    typer.echo(f"data root {printable(summary.data_root)}, cohort {summary.cohort_id}")
    print_table("members", _words(summary.members))
    print_table("evaluations", _words(summary.evaluations))
    print_table(
        "calls of a language model",
        [("saved", summary.calls_saved), ("to make", summary.calls_to_make)],
    )
    if summary.unfinished_for_finished:
        typer.echo(
            f"\n{summary.unfinished_for_finished} members are unfinished while finished"
            " evaluations are left out: --prefer-done takes those"
        )
    _print_reasons("blocked, until that is mended", summary.blocked)
    _print_reasons("failed", summary.failed)
    _print_few("directories that were passed over", summary.unreadable)
    print_written(summary.data_root, summary.changed_files, dry_run=summary.dry_run)
    if summary.calls_to_make and not summary.dry_run:
        name = summary.cohort_id
        typer.echo(f"\nnext: python scripts/run_evaluations.py --cohort {name}")


def print_running(summary: Running) -> None:
    """Print the results of a run of a cohort."""
    typer.echo(f"cohort {summary.cohort_id}, run {summary.run_id}")
    counts = {
        "done": summary.done,
        "skipped, done before": summary.skipped,
        "failed": len(summary.failed),
        "not started": summary.not_started,
    }
    print_table("evaluations", list(counts.items()))
    failed = [
        reason if gen_id in reason else f"{gen_id}: {reason}"
        for gen_id, reason in summary.failed.items()
    ]
    _print_few("failed", failed)
    if summary.interrupted or summary.not_started:
        typer.echo("\nrun again to complete: no answer that is there is bought again")


def print_status(
    cohort_id: str, counted: Sequence[Tally], found: Sequence[Standing]
) -> None:
    """Print how far a cohort is, per template and model."""
    typer.echo(f"cohort {cohort_id}\n")
    rows: list[tuple[str, ...]] = [("template", "model", "done", "to do", "failed")]
    rows += [
        (printable(one.template_id), printable(one.llm_model_id), str(one.done),
         str(one.to_do), str(one.failed))
        for one in counted
    ]  # fmt: skip
    rows.append((
        "all", "",
        *(str(sum(getattr(one, name) for one in counted))
          for name in ("done", "to_do", "failed")),
    ))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        texts = [row[n].ljust(widths[n]) for n in (0, 1)]
        numbers = [row[n].rjust(widths[n] + 2) for n in (2, 3, 4)]
        typer.echo("  ".join(texts) + "".join(numbers))
    _print_reasons("blocked, until that is mended", reasons(found, State.BLOCKED))
    _print_reasons("failed", reasons(found, State.FAILED))


def print_chosen(chosen: Chosen, data_root: Path | None = None) -> None:
    """Print which essays were chosen, and what to do next, with `--data-root` if given.

    The first line says the result, the last ones are commands.
    """
    target, best = printable(chosen.target), len(chosen.best)
    if chosen.missing:
        typer.echo(
            f"{len(chosen.missing)} of the best {best} essays have no score "
            f"for {target}: written to {printable(chosen.path)}"
        )
    else:
        typer.echo(
            f"nothing missing: all of the best {best} essays have a score "
            f"for {target}; nothing was written"
        )
    typer.echo(printable("\n".join(_about_scores(chosen))))
    if not chosen.missing:
        return
    typer.echo(
        f"\nnext, with {target} active in 1_raw/evaluation_templates.csv, or "
        f'"# templates: {target}" in the selection:'
    )
    at = f" --data-root {shlex.quote(str(data_root))}" if data_root else ""
    for script in ("build_cohort", "run_evaluations", "cohort_status"):
        typer.echo(f"  python scripts/{script}.py --cohort {chosen.cohort_id}{at}")


def _about_scores(chosen: Chosen) -> Iterator[str]:
    """Yield what the choice is based on."""
    models = ", ".join(model or "(no name)" for model in chosen.models)
    yield f"averaged: scores for {chosen.baseline} by {models}"
    if chosen.models_without_scores:
        named = ", ".join(chosen.models_without_scores)
        yield f"no score for {chosen.baseline} by {named}"
    yield f"of the best, not scored by all of them: {chosen.judged_in_part}"
    yield f"rows left out, as their score is no number: {chosen.unreadable_rows}"


def _words(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(name.replace("_", " "), count) for name, count in counts.items()]


def _print_reasons(title: str, counted: Mapping[str, int]) -> None:
    _print_few(title, [f"{reason} ({count})" for reason, count in counted.items()])


def _print_few(title: str, items: Sequence[str]) -> None:
    if items:
        typer.echo(f"\n{title}")
        typer.echo(printable(first_few(items)))
