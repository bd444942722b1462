"""Take documents of the index into the generation store, as essays to evaluate."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from docs_index.apps.cli import filter_options
from docs_index.apps.cli.cohort_output import print_adopted
from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.exits import DONE, NEEDS_A_PERSON
from docs_index.apps.cli.options import AsJson, DataRoot, Quiet, Replace
from docs_index.apps.cli.progress import shown_progress
from docs_index.apps.cli.text_tables import show_json
from docs_index.cohorts.adopt import adopt_documents
from docs_index.cohorts.campaign import read_ids
from docs_index.cohorts.selection_file import refuse_edited, write_selection
from docs_index.errors import CohortError
from docs_index.index.filters import Filters
from docs_index.index.lookup import chosen, of_task_id
from docs_index.index.reader import Documents, open_documents
from docs_index.layout import open_cohort_layout

_COMMENT = "Documents of the index that were adopted as essays."


@filter_options.with_filters
def adopt(
    filters: Filters,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID",
            help="Only these: doc_ids, beginnings of them, task ids or record ids.",
        ),
    ] = None,
    ids_from: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Only the documents in this file, one ID per line."
        ),
    ] = None,
    select: Annotated[
        bool,
        typer.Option("--select", help="Also list the essays in the selection file."),
    ] = False,
    replace: Replace = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would be adopted; write nothing."),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    data_root: DataRoot = None,
) -> None:
    """Take documents into the generation store, as essays to evaluate.

    Any text that judges no other one may be adopted. The index does not change.

    Example: docs-index cohort adopt --stage generation --model 'gpt-4*' --select
    """
    with ending_cleanly():
        layout = open_cohort_layout(data_root)
        selection = layout.selected_essays
        if select:
            refuse_edited(selection, replaces=replace)
        with open_documents(data_root) as documents:
            doc_ids, tasks = _named(documents, names or [], ids_from)
            with shown_progress(quiet=quiet or as_json) as progress:
                summary = adopt_documents(
                    documents,
                    filters,
                    doc_ids,
                    tasks,
                    dry_run=dry_run,
                    progress=progress,
                )
        is_selected = select and not dry_run and bool(summary.essays)
        if is_selected:
            essays = summary.essays
            write_selection(selection, "adopt", _COMMENT, essays, replaces=replace)
        if as_json:
            show_json(asdict(summary) | {"selected": is_selected})
        else:
            print_adopted(summary, selected=is_selected, data_root=data_root)
    raise typer.Exit(DONE if summary.is_clean else NEEDS_A_PERSON)


def _named(
    documents: Documents, names: list[str], ids_from: Path | None
) -> tuple[list[str] | None, dict[str, list[str]]]:
    """Return the doc_ids that the user named, None without any, and those of tasks.

    A task id names all documents that have it.

    Raises:
        CohortError: the file is missing, or names nothing.
        UnknownDocumentError: a name fits no document, or several.
    """
    if ids_from is not None:
        listed = read_ids(ids_from)
        if not listed:
            raise CohortError(f"{ids_from} lists no document")
        names = [*names, *listed]
    doc_ids: list[str] = []
    tasks: dict[str, list[str]] = {}
    for name in names:
        of_task = [] if documents.find(name) else of_task_id(documents, name)
        if of_task:
            tasks[name] = [each.doc_id for each in of_task]
        else:
            doc_ids.append(chosen(documents, name).doc_id)
    return (doc_ids if names else None), tasks


app = command(adopt, NEEDS_A_PERSON)
