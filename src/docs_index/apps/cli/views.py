"""The output of commands without --json: documents, hits, counts and trees."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from docs_index.apps.cli.text_fit import cut, width_of, wrapped
from docs_index.apps.cli.text_tables import (
    on_terminal,
    show_fields,
    show_table,
    show_title,
    styled,
    terminal_columns,
)
from docs_index.errors import printable
from docs_index.index.lineage import lines as tree_lines
from docs_index.index.row import Document
from docs_index.index.search import END, FOUND, Hit
from docs_index.index.shapes import brief

_COLUMNS = ("doc_id", "stage", "created", "template", "model", "status", "task_id")
_LEAST_NEEDED = ("model", "template")  # of a document's columns, where they do not fit
_FOUND_IN = ("doc_id", "stage", "task_id", "template", "model", "excerpt")
_GAP_COLUMNS = ("stage", "template", "model", "documents", "parse_errors")
_NAMES = {"template_id": "template", "model_id": "model", "bad_rows": "rejected_rows"}
_SHORT = {
    "parse_errors": "errors",
    "rejected_rows": "rejected",
    "raw_bytes": "bytes",
    "parsed_chars": "parsed",
}
_NOT_ON_A_TERMINAL = "raw_chars"
_LEAST_OF_A_TASK = 12  # columns
_BRANCH_AND_ID = re.compile(r"(?:\d+: |[│├└─ ]*)\S+")
_AROUND = ("meta", "files", "parents", "children", "same_key")


def show_documents(documents: Sequence[Document]) -> None:
    """Print documents, one per line."""
    _show_briefs([brief(each) for each in documents])
    if not documents:
        typer.echo("no document matches these options", err=True)


def _show_briefs(briefs: Sequence[Mapping[str, Any]]) -> None:
    """Print documents in brief, one per line.

    A terminal has the day of an instant, and the statuses if one document has failed.
    """
    rows = [
        {
            "doc_id": each["doc_id"],
            "stage": each["stage"],
            "created": each["created_at"],
            "template": each["template_id"],
            "model": each["model_id"],
            "status": each["status"],
            "task_id": each["task_id"],
        }
        for each in briefs
    ]
    columns = list(_COLUMNS)
    if on_terminal():
        if all(row["status"] == "ok" for row in rows):
            columns.remove("status")
        for row in rows:
            row["created"] = row["created"][:10]
            row["status"] = "ok" if row["status"] == "ok" else "error"
    show_table(rows, columns, spare=_LEAST_NEEDED)


def show_in_full(found: Mapping[str, Any]) -> None:
    """Print a document with its files, its lineage, and others of its key."""
    meta = found["meta"]
    elsewhere = "shard" if found["directory"] else "directory"
    left_out = (*_AROUND, elsewhere)
    row = {name: value for name, value in found.items() if name not in left_out}
    show_fields(row | {k: v for k, v in meta.items() if k not in row})
    for title in ("parents", "children", "same_key"):
        typer.echo()
        show_title(f"{title.replace('_', ' ')}: {len(found[title]) or 'none'}")
        if found[title]:
            _show_briefs(found[title])
    typer.echo()
    show_title("files" if found["files"] else "files: none; run docs-index verify")
    files = found["files"].items()
    show_table([{"name": name, "bytes": size} for name, size in files])


def show_hits(hits: Sequence[Hit]) -> None:
    """Print the hits of a search: a line for the document, and an excerpt.

    In a pipe both are one line.
    """
    if not hits:
        typer.echo("nothing found", err=True)
    if not on_terminal():
        show_table([_hit_row(*hit) for hit in hits], _FOUND_IN)
        return
    for document, _, snippet in hits:
        named = (document.stage, document.template_id, document.model_id)
        head = printable("  ".join([document.doc_id, *named, ""]), keep="")
        room = max(terminal_columns() - width_of(head), _LEAST_OF_A_TASK)
        show_title(head + cut(printable(document.task_id, keep=""), room))
        # The marks have no width, and no line may break between a mark and its word.
        excerpt = printable(" ".join(snippet.split()), keep=FOUND + END)
        for line in wrapped(excerpt, terminal_columns() - 4):
            typer.echo(f"  {_marked(line)}")


def _hit_row(document: Document, _: float, snippet: str) -> dict[str, str]:
    excerpt = snippet.replace(FOUND, "").replace(END, "")
    values = (
        document.doc_id,
        document.stage,
        document.task_id,
        document.template_id,
        document.model_id,
        " ".join(excerpt.split()),
    )
    return dict(zip(_FOUND_IN, values, strict=True))


def show_gaps(found: Sequence[Mapping[str, Any]]) -> None:
    """Print pairs of template and model, with what there is of them."""
    rows = [_named(row) for row in found]
    show_table(rows, (*_GAP_COLUMNS, "rejected_rows"), short=_SHORT)
    if not found:
        typer.echo("every template has a document of every model", err=True)


def show_stats(found: Mapping[str, Any]) -> None:
    """Print the counts, one table per column that they are grouped by."""
    for name, value in found.items():
        rows = [value] if isinstance(value, Mapping) else value
        if rows:
            show_title(_NAMES.get(name, name).replace("_", " "))
            named = [_named(row) for row in rows]
            columns = list(named[0])
            if on_terminal() and _NOT_ON_A_TERMINAL in columns:
                columns.remove(_NOT_ON_A_TERMINAL)
            show_table(named, columns, short=_SHORT)
            typer.echo()


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row under the names of its columns in tables."""
    return {_NAMES.get(name, name): value for name, value in row.items()}


def _marked(line: str) -> str:
    found = re.sub(
        f"{FOUND}([^{END}]*){END}", lambda word: styled(word[1], bold=True), line
    )
    return found.replace(FOUND, "").replace(END, "")


def show_tree(node: dict[str, Any], marked: str) -> None:
    """Print a lineage tree, and mark the document `marked`.

    On a terminal the task ids are shown as far as there is room.
    """
    for line, task_id, is_marked in tree_lines(node, marked):
        shown = printable(line, keep="") + (" *" if is_marked else "")
        task = printable(task_id, keep="")
        if on_terminal():
            shown = _after_its_id(shown, terminal_columns())
            room = terminal_columns() - width_of(shown) - 2
            task = (
                cut(task, room) if room >= min(width_of(task), _LEAST_OF_A_TASK) else ""
            )
        shown = f"{shown}  {task}" if task else shown
        typer.echo(styled(shown, bold=True) if is_marked else shown)


def _after_its_id(line: str, width: int) -> str:
    """Return the line of a tree cut to a width, its branch and doc_id whole."""
    start = _BRANCH_AND_ID.match(line)
    kept = start[0] if start else ""
    return kept + cut(line[len(kept) :], max(width - len(kept), 1))
