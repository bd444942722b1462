"""The output of a run or a plan: what came in, what did not, and what to do next."""

from collections import Counter
from collections.abc import Mapping, Sequence

import typer

from docs_index.apps.cli.outcome_words import ends_in_words
from docs_index.apps.cli.text_fit import cut
from docs_index.apps.cli.text_tables import (
    on_terminal,
    print_aligned,
    print_next,
    print_table,
    say,
)
from docs_index.errors import printable
from docs_index.ingest.materialize import Summary
from docs_index.layout import FORMATS
from docs_index.resources import seed
from docs_index.vocabulary import RESULTS
from docs_index.warehouse.histories.outcomes import Outcome

_LONGEST_LINE = 300  # characters of an example on a terminal; its middle is cut
_ABOUT_NOTICES = (
    "Their documents stay as they are. If a table or a file of a history is wrong, "
    "correct it and run again; if it is right, run with a new RUN_ID to ingest it as "
    "it is now. The table backfill_notices of the index lists all notices."
)
_FILES = {
    "docs/": "a directory per document",
    "docs/packs/": "shards of many documents each",
    "db/documents.sqlite": "the index",
    "7_cross_experiment/bad_generations.csv": "rejected rows in detail",
    "7_reporting/documents_latest_report.csv": "the latest good documents",
    "7_reporting/documents_consistency_report.csv": "the index compared with the disk",
}
_HARMLESS = ("placed", "found", "skipped")


def print_summary(summary: Summary, given_root: object = None) -> None:
    """Print what a run did: what came in, what did not and why, and what to do next.

    The counters are in --json and in the index. `given_root` is what the user gave
    with --data-root.
    """
    data_root, run_id = (
        printable(text, keep="") for text in (summary.data_root, summary.run_id)
    )
    stored = ""
    if summary.layout == "packed":
        stored = f", packed, index rows in {FORMATS[summary.index_format]}"
    typer.echo(f"data root {data_root}, run_id {run_id}{stored}")
    missing = list(map(_without_table, summary.missing_tables))
    warnings = [
        *summary.rejected_tables,
        *summary.missing_folders,
        *summary.unmatched_patterns,
        *_without_records(summary),
        *missing,
    ]
    for line in warnings:
        _print_line(line, "! ")
    if warnings:
        typer.echo()
    typer.echo(_new_documents(summary))
    if skipped := summary.documents.get("skipped"):
        typer.echo(f"{_counted(skipped, 'document')} of the build in the index already")
    _print_rejected(summary)
    if summary.dry_run:
        _print_sources(summary)
        _print_fields(summary)
    _print_problems(summary)
    print_notices(summary)
    print_written(summary.data_root, summary.changed_files, dry_run=summary.dry_run)
    print_next(_next_commands(summary), given_root)


def _without_table(path: str) -> str:
    """Return the warning for a table that is missing, or a folder without files."""
    what = f"CSV file in {path}" if path.endswith("/") else path
    return f"there is no {what}: it counts as empty"


def print_notices(summary: Summary) -> None:
    """Print what changed after documents were made; nothing without notices."""
    if not summary.notices:
        return
    print_table("changed since in tables or histories", list(summary.notices.items()))
    for line in summary.notice_examples:
        _print_line(line, "  ")
    say(_ABOUT_NOTICES)


def print_written(data_root: str, files: Sequence[str], *, dry_run: bool) -> None:
    """Print which files of a data root a command has written, if any."""
    if dry_run:
        typer.echo("\ndry run: nothing was written")
    elif files:
        typer.echo(f"\nwritten under {printable(data_root, keep='')}/")
        print_aligned([(file, _FILES.get(file, "")) for file in files])
    else:
        typer.echo("\nnothing new: nothing was written")


def _new_documents(summary: Summary) -> str:
    """Return how many documents are new, by stage."""
    new = summary.documents["placed"] + summary.documents["found"]
    if not new:
        return "no new documents"
    found = summary.documents["found"]
    by_stage = ", ".join(
        _counted(number, stage) for stage, number in summary.placed_by_stage.items()
    )
    would_be = " would be written" if summary.dry_run else ""
    complete = f"; {found} of their directories were there already" if found else ""
    return f"{_counted(new, 'new document')}{would_be}: {by_stage}{complete}"


def _print_rejected(summary: Summary) -> None:
    """Print how many rows are rejected for which reason, and what to do, in brief."""
    by_reason = summary.bad_rows_by_reason
    total, new = sum(by_reason.values()), summary.bad_rows_added
    title = _counted(total, "rejected row") + (f", {new} new" if new else "")
    in_brief = {row["reason"]: row["in_brief"] for row in seed("reasons")}
    print_table(
        title,
        [
            (reason, count, in_brief.get(reason, ""))
            for reason, count in by_reason.items()
        ],
    )


def _print_sources(summary: Summary) -> None:
    """Print what becomes of the records of each history, written already or not."""
    found: dict[str, list[Outcome]] = {}
    for each in summary.history_outcomes:
        found.setdefault(each.source, []).append(each)
    if found:
        typer.echo("\nsources of histories.yml, with what is in the index already")
        print_aligned([(name, ends_in_words(each)) for name, each in found.items()])


def _without_records(summary: Summary) -> list[str]:
    found: Counter[str] = Counter()
    for each in summary.history_outcomes:
        found[each.source] += each.records
    return [
        f"histories.yml, {source}: no record was found; `docs-index history check` "
        "shows what its files have"
        for source, records in found.items()
        if not records
    ]


def _print_fields(summary: Summary) -> None:
    """Print in how many records of each history which value was there."""
    print_table(
        "values in the records of histories.yml",
        [
            (
                f"{each.source}.{each.field}",
                each.present,
                f"of {each.records}" + (f": {each.value}" if each.value else ""),
            )
            for each in summary.history_fields
        ],
    )


def _print_problems(summary: Summary) -> None:
    """Print conflicts and damage, and in a dry run an example of all that it plans."""
    kinds = {name: n for name, n in summary.documents.items() if name not in _HARMLESS}
    title = (
        f"{_counted(summary.conflicts, 'conflict')}, not written; see the table "
        "backfill_conflicts of the index"
    )
    print_table(title, kinds.items())
    if summary.dry_run:
        examples = _first_of_each(summary.examples)
        if examples:
            typer.echo("\nfor example")
        for line in examples:
            _print_line(line, "  ")
    else:
        for line in summary.examples:
            if line.partition(": ")[0] in kinds:
                _print_line(line, "  ")
    if summary.damaged:
        typer.echo()
        say(
            f"{_counted(summary.damaged, 'damaged document')}; "
            "see 7_reporting/documents_consistency_report.csv"
        )
    if summary.bad_list_is_altered:
        typer.echo()
        say(
            "7_cross_experiment/bad_generations.csv has changed since the last run: "
            "restore it from a backup, or move it away"
        )


def _first_of_each(examples: Sequence[str]) -> list[str]:
    """Return the first example of each kind, which is its first word."""
    first = {line.partition(": ")[0]: line for line in reversed(examples)}
    return list(reversed(first.values()))


def _next_commands(summary: Summary) -> list[tuple[str, str]]:
    """Return the commands that fit the results of a run."""
    commands = []
    if summary.conflicts:
        commands.append(
            ("docs-index why TASK_ID", "what a conflict is, and what to do")
        )
    if summary.damaged:
        commands.append(("docs-index verify", "what is damaged, and what to do"))
    if summary.dry_run:
        return [*commands, ("docs-index run", "carries this out")]
    if _rejected_of_tables(summary.counters):
        commands.append(("docs-index repairs", "suggests repairs of rejected rows"))
    return [*commands, ("docs-index ls", "lists the documents, the newest first")]


def _rejected_of_tables(counters: Mapping[str, int]) -> int:
    """Return how many rows of the four tables are rejected; no record is repaired."""
    rows = sum(counters[f"rows_{table}"] for table in RESULTS)
    made = ("draft_ok", "essay_parent_resolved", "eval_resolved")
    return rows - sum(counters[name] for name in made)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_line(line: str, indent: str) -> None:
    say(cut(line, _LONGEST_LINE) if on_terminal() else line, indent)
