"""The output of the cohort commands: results on stdout, messages on stderr."""

import logging
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from docs_index.apps.cli.export_files import refuse_to_overwrite
from docs_index.apps.cli.run_output import print_written
from docs_index.apps.cli.text_tables import (
    on_terminal,
    print_aligned,
    print_next,
    print_table,
    root_option,
    say,
    show_table,
    show_title,
)
from docs_index.cohorts.adopt import Summary as Adopting
from docs_index.cohorts.aggregate import Summary as Scores
from docs_index.cohorts.answers import KEPT
from docs_index.cohorts.place import Summary as Building
from docs_index.cohorts.run import Summary as Running
from docs_index.cohorts.select import Chosen
from docs_index.cohorts.states import State
from docs_index.cohorts.survey import Survey, bill_fields, plan_fields
from docs_index.disk.publish import publish
from docs_index.errors import CohortError, first_few, printable

_LEFT_OUT = {
    "judgement": "judgements of other documents",
    "parse_error": "without a parsed text",
    "unusable_ids": "with a combo, template or model that the store cannot hold",
}
_NEEDED = {  # the tables of a cohort, and what they must have
    "1_raw/evaluation_templates.csv": (
        "columns template_id, parser; the text of a template is in "
        "1_raw/templates/evaluation/TEMPLATE_ID.txt"
    ),
    "1_raw/llm_models.csv": "columns id, model, for_evaluation",
    "1_raw/replication_config.csv": "columns stage, replicates; a row evaluation,1",
}
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
        "interrupted: waiting for answers that are paid for; Ctrl-C again ends without "
        "them",
        err=True,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def print_building(summary: Building) -> None:
    """Print the members of a cohort, and the calls that it needs."""
    typer.echo(f"data root {printable(summary.data_root)}, cohort {summary.cohort_id}")
    print_table("members", _words(summary.members))
    print_table("evaluations", _words(summary.evaluations))
    typer.echo()
    say(f"templates: {', '.join(summary.templates)}")
    print_plan(summary.models)
    if summary.unfinished_for_finished:
        typer.echo()
        say(
            "unfinished members in place of finished evaluations: "
            f"{summary.unfinished_for_finished}; --prefer-done takes the finished ones"
        )
    _print_reasons("blocked, until this is corrected", summary.blocked)
    print_table("failed", _words(summary.failed))
    print_table(_OUTDATED, list(summary.outdated.items()))
    _print_few("directories that cannot be read, left out", summary.unreadable)
    print_written(summary.data_root, summary.changed_files, dry_run=summary.dry_run)
    named = summary.cohort_id
    if summary.dry_run:
        blocked = sum(summary.blocked.values())
        left = f"; {_blocked(blocked)} until the above is corrected" if blocked else ""
        carries_out = f"carries this out{left}"
        print_next([(f"docs-index cohort build {named}", carries_out)])
    elif summary.calls_to_make:
        asks = "asks for the answers (limit: --max-cost)"
        print_next([
            (f"docs-index cohort run {named}", asks),
            (f"docs-index cohort status {named}", "shows the progress"),
        ])  # fmt: skip
    elif summary.evaluations.get(State.ANSWERED):
        print_next([(f"docs-index cohort run {named}", "parses the answers")])


def _blocked(number: int) -> str:
    """Return how many evaluations are blocked, as a part of a sentence."""
    return f"{number} evaluation{' is' if number == 1 else 's are'} blocked"


def print_plan(models: Sequence[Mapping[str, Any]]) -> None:
    """Print the calls, tokens and money of each language model: to make, and saved."""
    due = [
        {
            "model": model["llm_model_id"],
            "calls": model["calls"],
            "prompt tokens": model["prompt_tokens"],
            "answer tokens": model["answer_tokens"],
            "money": model["cost"],
        }
        for model in models
        if model["calls"]
    ]
    saved = [
        _bill(model["llm_model_id"], model["saved"])
        for model in models
        if model["saved"]["answers"]
    ]
    _print_rows("calls to make", due)
    if any(row["money"] is None for row in due):
        say("money: give price_in and price_out in 1_raw/llm_models.csv")
    elif any(row["answer tokens"] is None for row in due):
        say("money counts only the prompts: the length of answers is not known yet")
    _print_rows("answers that are there, and are not bought again", saved)


def print_dry_run(cohort_id: str, survey: Survey) -> None:
    """Print what a run would ask for, and what that costs."""
    typer.echo(f"cohort {cohort_id}")
    states = [(state.value.replace("_", " "), survey.states[state]) for state in State]
    print_table("evaluations", states)
    print_plan([plan_fields(plan) for plan in survey.plans.values()])
    _print_survey(survey)
    typer.echo("\ndry run: nothing was asked for or written")
    if survey.states[State.TO_RUN]:
        print_next([(f"docs-index cohort run {cohort_id}", "carries this out")])


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
        typer.echo()
        say(f"the run stopped: {summary.stopped}")
    if scores:
        typer.echo(
            f"\n{scores.scored} of {scores.evaluations} evaluations of the store have "
            "a score:\nsee 7_cross_experiment/aggregated_scores.csv"
        )
    _print_ways_out(summary)


def _print_spent(summary: Running) -> None:
    rows = [_bill(name, bill_fields(bill)) for name, bill in summary.spent.items()]
    _print_rows("spent", rows)
    if without := sum(bill.without_cost for bill in summary.spent.values()):
        typer.echo(f"answers whose cost is not known: {without}")


def _print_ways_out(summary: Running) -> None:
    again = f"docs-index cohort run {summary.cohort_id}"
    kept = [reason for reason in summary.failures if reason in KEPT]
    commands = []
    if kept:
        words = f"asks again where an answer failed: {', '.join(kept)}"
        commands.append((f"{again} --retry-failed {','.join(kept)}", words))
    for line in summary.batches:
        typer.echo()
        say(line)
    if summary.in_batch:
        commands.append((f"{again} --batch", "fetches the answers of batches"))
        if not summary.batches:
            typer.echo()
            say("batch.json of an evaluation says which cohort sent its batch")
    if set(summary.failures) - set(KEPT):
        commands.append((again, "asks again where there was no answer"))
    elif summary.over_limit:
        commands.append((again, f"runs the others: --limit left {summary.over_limit}"))
    elif summary.interrupted or summary.not_started:
        commands.append((again, "completes it; no answer is bought again"))
    elif summary.is_complete:
        named = summary.cohort_id
        commands.append((f"docs-index cohort scores {named}", "compares the judges"))
    print_next(commands)


def print_status(cohort_id: str, survey: Survey) -> None:
    """Print how far a cohort is, per template and model, and what the rest costs."""
    counts = ("done", "to_do", "failed")
    tallies = list(survey.tallies.values())
    rows = [
        {"template": one.template_id, "model": one.llm_model_id}
        | {name.replace("_", " "): getattr(one, name) for name in counts}
        for one in tallies
    ]
    total = {name: sum(getattr(one, name) for one in tallies) for name in counts}
    if on_terminal():
        all_of_them = {name.replace("_", " "): total[name] for name in counts}
        rows.append({"template": "all", "model": ""} | all_of_them)
    typer.echo(f"cohort {cohort_id}")
    _print_rows("evaluations", rows)
    print_plan([plan_fields(plan) for plan in survey.plans.values()])
    _print_survey(survey)
    if survey.states[State.IN_BATCH]:
        print_next([
            (f"docs-index cohort run {cohort_id} --batch", "fetches its answers"),
        ])  # fmt: skip
    elif total["to_do"]:
        print_next([(f"docs-index cohort run {cohort_id}", "runs the rest")])
    elif total["failed"]:
        again = f"docs-index cohort run {cohort_id} --retry-failed all"
        print_next([(again, "asks again where answers failed")])
    else:
        print_next([(f"docs-index cohort scores {cohort_id}", "compares the judges")])


def _print_survey(survey: Survey) -> None:
    _print_reasons("blocked, until this is corrected", survey.blocked)
    print_table("failed, by reason", _words(survey.failed))
    for messages in survey.examples.values():
        _print_items(messages)
    print_table(_OUTDATED, list(survey.outdated.items()))
    if waiting := survey.states[State.IN_BATCH]:
        typer.echo(f"\n{waiting} wait for a batch: run with --batch to fetch them")


def print_adopted(
    summary: Adopting, *, selected: bool, data_root: Path | None = None
) -> None:
    """Print which documents are essays of the generation store now."""
    counts = {
        "adopted": summary.essays_adopted,
        "there before": summary.essays_there_before,
        "in conflict with a directory": len(summary.conflicts),
        "damaged": len(summary.damaged),
    }
    typer.echo(f"data root {printable(summary.data_root, keep='')}")
    for task_id, count in summary.tasks.items():
        say(f"documents with the task id {printable(task_id)}: {count}")
    if not (any(counts.values()) or summary.left_out):
        typer.echo("no document fits")
    print_table("documents as essays", list(counts.items()))
    print_table(
        "left out", [(_LEFT_OUT[why], n) for why, n in summary.left_out.items()]
    )
    _print_few("another text is there, and stays", summary.conflicts)
    _print_few("damaged, and not adopted", summary.damaged)
    changed = []
    if not summary.dry_run:
        changed += ["gens/draft/"] * bool(summary.drafts_written)
        changed += ["gens/essay/"] * bool(summary.essays_adopted)
        changed += ["2_tasks/selected_essays.txt"] * selected
    print_written(summary.data_root, changed, dry_run=summary.dry_run)
    if summary.dry_run or not summary.essays:
        return
    if not selected:
        typer.echo()
        say(
            "list essays in 2_tasks/selected_essays.txt, or adopt again with --select; "
            "then build a cohort"
        )
    if summary.missing_tables:
        typer.echo("\na cohort needs these tables too, which are not there")
        print_aligned([(table, _NEEDED[table]) for table in summary.missing_tables])
    build = "docs-index cohort build NAME"
    print_next([(build, "adds the evaluations that are missing")], data_root)


def print_chosen(chosen: Chosen, data_root: Path | None = None) -> None:
    """Print which essays were chosen, and what to do next, with `--data-root` if given.

    The first line says the result, the last ones are commands.
    """
    target, best = printable(chosen.target), len(chosen.best)
    if chosen.missing:
        say(
            f"{len(chosen.missing)} of the best {best} essays have no score "
            f"for {target}: written to {chosen.path}"
        )
    else:
        say(
            f"nothing missing: all of the best {best} essays have a score "
            f"for {target}; nothing was written"
        )
    for line in _about_scores(chosen):
        say(line)
    if not chosen.missing:
        return
    if not chosen.is_target_known:
        typer.echo()
        say(
            f"! 1_raw/evaluation_templates.csv has no template {target}: add it, or "
            "check --target-template"
        )
    typer.echo()
    say(
        f"next, with {target} active in 1_raw/evaluation_templates.csv, or "
        f'"# templates: {target}" in the selection:'
    )
    at = root_option(data_root)
    for command in ("build", "run", "status"):
        typer.echo(f"  docs-index cohort {command} {chosen.cohort_id}{at}")


def _about_scores(chosen: Chosen) -> Iterator[str]:
    """Yield what the choice is based on."""
    models = ", ".join(model or "(no name)" for model in chosen.models)
    yield f"averaged: scores for {chosen.baseline} by {models}"
    if chosen.models_without_scores:
        named = ", ".join(chosen.models_without_scores)
        yield f"no score for {chosen.baseline} by {named}"
    if chosen.judged_in_part:
        words = "of the best essays, not scored by all of these models"
        yield f"{words}: {chosen.judged_in_part}"
    if chosen.unreadable_rows:
        words = "rows left out, because their score is not a number"
        yield f"{words}: {chosen.unreadable_rows}"


def _print_rows(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        typer.echo()
        show_title(title)
        show_table(rows)


def _bill(model: str, fields: Mapping[str, Any]) -> dict[str, object]:
    """Return answers, tokens and money of a language model, as a row of a table."""
    return {
        "model": model,
        "answers": fields["answers"],
        "prompt tokens": fields["prompt_tokens"],
        "answer tokens": fields["answer_tokens"],
        "money": fields["cost"],
    }


def _words(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(name.replace("_", " "), count) for name, count in counts.items()]


def _print_reasons(title: str, counted: Mapping[str, int]) -> None:
    _print_few(title, [f"{reason} ({count})" for reason, count in counted.items()])


def _print_few(title: str, items: Sequence[str]) -> None:
    if items:
        typer.echo(f"\n{title}")
        _print_items(items)


def _print_items(items: Sequence[str]) -> None:
    """Print the first items, each indented, and how many more there are."""
    for line in first_few(items).split("\n"):
        say(line, "  ")
