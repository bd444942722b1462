"""Put back what is missing or damaged of documents, from their source files."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, NEEDS_A_PERSON
from docs_index.apps.cli.options import AsJson, DataRoot, EvaluationRoot, Quiet, Workers
from docs_index.apps.cli.progress import shown_progress
from docs_index.audit.restore import Options, Summary, restore
from docs_index.audit.restoring import Restored
from docs_index.errors import printable
from docs_index.layout import RESPONSES, open_filled_layout


def lines(summary: Summary) -> Iterator[str]:
    """Yield the lines of a summary: each document, the counts, and what to do next."""
    yield f"data root {summary.data_root}"
    for found in summary.found:
        yield f"\n{found.path}"
        yield from _lines_of(found, summary)
    done = "put back" if summary.applied else "to be put back"
    yield (
        f"\n{summary.documents} documents in the index: {summary.restored} {done}, "
        f"{summary.unrestorable} cannot be put back"
    )
    if summary.restored and not summary.applied:
        yield "Nothing is changed yet: docs-index restore --apply puts them back."


def _lines_of(found: Restored, summary: Summary) -> Iterator[str]:
    if found.missing:
        yield f"  missing: {', '.join(found.missing)}"
    if found.damaged:
        yield f"  damaged: {', '.join(found.damaged)}"
    if found.source:
        yield f"  raw text from {found.source}"
    if found.moved_to:
        yield f"  the damaged files are now in {found.moved_to}"
    if found.problem:
        yield f"  NOT put back: {found.problem}"


def restore_documents(
    doc_ids: Annotated[
        list[str] | None,
        typer.Argument(help="Look at these documents only (default: all)."),
    ] = None,
    data_root: DataRoot = None,
    apply: Annotated[
        bool,
        typer.Option(
            "--apply", help="Put the files back. Without it nothing is changed."
        ),
    ] = False,
    take_prompts: Annotated[
        bool,
        typer.Option(
            "--take-prompts",
            help="Where prompt.txt and its prompt file differ, take the prompt file.",
        ),
    ] = False,
    evaluation_root: EvaluationRoot = None,
    as_json: AsJson = False,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Put back files of documents that are missing or damaged.

    Without --apply it only says what it would do.

    Example: docs-index restore --data-root ~/experiment --apply
    """
    with ending_cleanly():
        options = Options(
            doc_ids=doc_ids or (),
            apply=apply,
            take_prompts=take_prompts,
            evaluation_root=evaluation_root or RESPONSES,
            workers=workers or os.cpu_count() or 1,
        )
        with shown_progress(quiet=quiet) as progress:
            summary = restore(open_filled_layout(data_root), options, progress)
        if as_json:
            found = [each._asdict() for each in summary.found]
            shown = asdict(summary) | {"found": found}
            typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        else:
            for line in lines(summary):
                typer.echo(printable(line))
    is_done = summary.unrestorable == 0 and (apply or summary.restored == 0)
    raise typer.Exit(DONE if is_done else NEEDS_A_PERSON)


app = command(restore_documents, NEEDS_A_PERSON)
