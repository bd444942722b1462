"""The output of the cohort scripts: results on stdout, messages on stderr."""

import logging
import shlex
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from docs_index.apps.cli.console import print_table, print_written
from docs_index.apps.cli.export_files import refuse_to_overwrite
from docs_index.cohorts.aggregate import Summary as Scores
from docs_index.cohorts.answers import KEPT
from docs_index.cohorts.place import Summary as Building
from docs_index.cohorts.run import Summary as Running
from docs_index.cohorts.select import Chosen
from docs_index.cohorts.states import State
from docs_index.cohorts.survey import Survey, bill_fields, plan_fields
from docs_index.disk.publish import publish
from docs_index.errors import CohortError, first_few, printable

_OUTDATED = "made from an earlier text of their template or essay"


def asked_cohort(name: str | None, option: str | None) -> str | None:
    """Return the cohort that a user named, bare or with `--cohort`.

    Raises:
        CohortError: both are given, and differ.
    """
    if name is not None and option is not None and name != option:
        raise CohortError(f"two cohorts are named, {name} and {option}: name one")
    return option if name is None else name


def write_ids(path: Path, gen_ids: Iterable[str], *, replace: bool) -> None:
    """Write ids to a file, one a line.

    Raises:
        OutputExistsError: the file is there, and is not to be replaced.
    """
    refuse_to_overwrite(path, replace=replace)
    publish(path, "".join(f"{gen_id}\n" for gen_id in gen_ids).encode())


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
    typer.echo(f"\ntemplates: {printable(', '.join(summary.templates), keep='')}")
    print_plan(summary.models)
    if summary.unfinished_for_finished:
        typer.echo(
            "\nunfinished members, while finished evaluations are left out: "
            f"{summary.unfinished_for_finished}; --prefer-done takes those"
        )
    _print_reasons("blocked, until that is mended", summary.blocked)
    print_table("failed", _words(summary.failed))
    print_table(_OUTDATED, list(summary.outdated.items()))
    _print_few("directories that were passed over", summary.unreadable)
    print_written(summary.data_root, summary.changed_files, dry_run=summary.dry_run)
    if summary.calls_to_make and not summary.dry_run:
        name = summary.cohort_id
        typer.echo(f"\nnext: docs-index cohort run --cohort {name}")


def print_plan(models: Sequence[Mapping[str, Any]]) -> None:
    """Print the calls, tokens and money of each language model: to make, and saved."""
    head = ("model", "calls", "prompt tokens", "answer tokens", "money")
    due, saved = [head], [head]
    for model in models:
        name, reused = printable(model["llm_model_id"], keep=""), model["saved"]
        due.append((
            name, f"{model['calls']:,}", f"{model['prompt_tokens']:,}",
            _about(model["answer_tokens"]), _money(model["cost"]),
        ))  # fmt: skip
        saved.append((name, *_bill(reused)))
    typer.echo("\ncalls to make")
    _print_columns(due, texts=1)
    if any(model["calls"] and model["cost"] is None for model in models):
        typer.echo("  money: give price_in and price_out in 1_raw/llm_models.csv")
    elif any(model["calls"] and model["answer_tokens"] is None for model in models):
        typer.echo("  money is of the prompts alone, until an answer or max_tokens")
    typer.echo("\nanswers that are there, and are not bought again")
    _print_columns(saved, texts=1)


def print_dry_run(cohort_id: str, survey: Survey) -> None:
    """Print what a run would ask for, and what that costs."""
    typer.echo(f"cohort {cohort_id}")
    states = [(state.value.replace("_", " "), survey.states[state]) for state in State]
    print_table("evaluations", states)
    print_plan([plan_fields(plan) for plan in survey.plans.values()])
    _print_survey(survey)
    typer.echo("\ndry run: nothing was asked for or written")


def print_running(summary: Running, scores: Scores | None = None) -> None:
    """Print the results of a run of a cohort, and of aggregating the scores."""
    typer.echo(f"cohort {summary.cohort_id}, run {summary.run_id}")
    counts = {
        "done": summary.done,
        "skipped, done before": summary.skipped,
        "failed": len(summary.failed),
        "wait for a batch": summary.in_batch,
        "left by --limit": summary.over_limit,
        "not started": summary.not_started,
    }
    print_table("evaluations", list(counts.items()))
    _print_spent(summary)
    print_table("failed, by reason", _words(summary.failures))
    failed = [
        reason if gen_id in reason else f"{gen_id}: {reason}"
        for gen_id, reason in summary.failed.items()
    ]
    _print_few("failed", failed)
    print_table(_OUTDATED, list(summary.outdated.items()))
    if summary.stopped:
        typer.echo(f"\nthe run stopped: {printable(summary.stopped)}")
    if scores:
        typer.echo(
            f"\n{scores.scored} of {scores.evaluations} evaluations of the store have "
            "a score: see 7_cross_experiment/aggregated_scores.csv"
        )
    _print_ways_out(summary)


def _print_spent(summary: Running) -> None:
    if not summary.spent:
        return
    rows = [("model", "answers", "prompt tokens", "answer tokens", "money")]
    for name, bill in summary.spent.items():
        rows.append((printable(name, keep=""), *_bill(bill_fields(bill))))
    typer.echo("\nspent")
    _print_columns(rows, texts=1)
    if without := sum(bill.without_cost for bill in summary.spent.values()):
        typer.echo(f"  answers of which nobody says what they cost: {without}")


def _print_ways_out(summary: Running) -> None:
    kept = [reason for reason in summary.failures if reason in KEPT]
    if kept:
        typer.echo(
            "\nanswers that failed are kept: "
            f"--retry-failed {','.join(kept)} asks for them again"
        )
    for line in summary.batches:
        typer.echo(f"\n{printable(line)}")
    if summary.in_batch and summary.batches:
        typer.echo("run again with --batch to fetch the answers")
    elif summary.in_batch:
        typer.echo(
            "\nrun with --batch to fetch the answers of a batch; batch.json of an "
            "evaluation says which cohort sent it"
        )
    if set(summary.failures) - set(KEPT):
        typer.echo("\nwhat got no answer is asked for again by the next run")
    if summary.over_limit:
        typer.echo(f"\nrun again for the others: --limit left {summary.over_limit}")
    elif summary.is_complete:
        name = summary.cohort_id
        typer.echo(f"\nnext: docs-index cohort scores --cohort {name}")
    if summary.interrupted or summary.not_started:
        typer.echo("\nrun again to complete: no answer that is there is bought again")


def print_status(cohort_id: str, survey: Survey) -> None:
    """Print how far a cohort is, per template and model, and what the rest costs."""
    typer.echo(f"cohort {cohort_id}\n")
    rows: list[tuple[str, ...]] = [("template", "model", "done", "to do", "failed")]
    tallies = list(survey.tallies.values())
    rows += [
        (printable(one.template_id), printable(one.llm_model_id), str(one.done),
         str(one.to_do), str(one.failed))
        for one in tallies
    ]  # fmt: skip
    rows.append((
        "all", "",
        *(str(sum(getattr(one, name) for one in tallies))
          for name in ("done", "to_do", "failed")),
    ))  # fmt: skip
    _print_columns(rows, texts=2, indent="")
    print_plan([plan_fields(plan) for plan in survey.plans.values()])
    _print_survey(survey)


def _print_survey(survey: Survey) -> None:
    _print_reasons("blocked, until that is mended", survey.blocked)
    print_table("failed, by reason", _words(survey.failed))
    for messages in survey.examples.values():
        typer.echo(printable(first_few(messages)))
    print_table(_OUTDATED, list(survey.outdated.items()))
    if waiting := survey.states[State.IN_BATCH]:
        typer.echo(f"\n{waiting} wait for a batch: run with --batch to fetch them")


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
    if not chosen.is_target_known:
        typer.echo(
            f"\n! 1_raw/evaluation_templates.csv has no template {target}: add it, or "
            "check --target-template"
        )
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


def _print_columns(
    rows: Sequence[Sequence[str]], *, texts: int, indent: str = "  "
) -> None:
    """Print rows in columns: first `texts` columns of texts, then numbers."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            text.ljust(width) if column < texts else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        typer.echo(f"{indent}{'  '.join(cells)}".rstrip())


def _bill(fields: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return answers, tokens and money as texts."""
    return (
        f"{fields['answers']:,}", f"{fields['prompt_tokens']:,}",
        f"{fields['answer_tokens']:,}", _money(fields["cost"]),
    )  # fmt: skip


def _about(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _money(amount: float | None) -> str:
    """Return money with at least two decimals, and six digits of a small amount."""
    if amount is None:
        return "-"
    return f"{amount:,.2f}" if amount >= 100 or not amount else f"{amount:.6f}"


def _words(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(name.replace("_", " "), count) for name, count in counts.items()]


def _print_reasons(title: str, counted: Mapping[str, int]) -> None:
    _print_few(title, [f"{reason} ({count})" for reason, count in counted.items()])


def _print_few(title: str, items: Sequence[str]) -> None:
    if items:
        typer.echo(f"\n{title}")
        typer.echo(printable(first_few(items)))
