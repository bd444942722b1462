"""The output of commands without --json: documents, hits, counts and trees."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from docs_index.apps.cli.text_tables import (
    cut,
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

_SHORT = {"parse_errors": "errors", "raw_bytes": "bytes", "parsed_chars": "parsed"}
_AROUND = ("meta", "files", "parents", "children", "same_key")


def show_documents(documents: Sequence[Document]) -> None:
    """Print documents, one per line."""
    show_rows([brief(each) for each in documents])
    if not documents:
        typer.echo("no document matches these options", err=True)


def show_rows(briefs: Sequence[Mapping[str, Any]]) -> None:
    """Print documents in brief, one per line, with the status if one has failed."""
    rows = [
        {
            "doc_id": each["doc_id"],
            "stage": each["stage"],
            "created": each["created_at"][:10],
            "task_id": each["task_id"],
            "status": "ok" if each["status"] == "ok" else "error",
        }
        for each in briefs
    ]
    have_failed = any(row["status"] != "ok" for row in rows)
    show_table(rows, list(rows[0])[: None if have_failed else -1] if rows else [])


def show_in_full(found: Mapping[str, Any]) -> None:
    """Print a document with its files, its lineage, and others of its key."""
    meta = found["meta"]
    row = {name: value for name, value in found.items() if name not in _AROUND}
    show_fields(row | {k: v for k, v in meta.items() if k not in row})
    for title in ("parents", "children", "same_key"):
        typer.echo()
        show_title(f"{title.replace('_', ' ')}: {len(found[title]) or 'none'}")
        show_rows(found[title])
    typer.echo()
    show_title("files")
    for name, size in found["files"].items():
        typer.echo(f"  {printable(name, keep=''):<16}{size:>12,} bytes")
    if not found["files"]:
        typer.echo("  the directory is not there: run docs-index verify")


def show_hits(hits: Sequence[Hit]) -> None:
    """Print the hits of a search: a line for the document, and an excerpt."""
    for document, _, snippet in hits:
        name = f"{document.doc_id}  {document.stage}  {document.task_id}"
        show_title(cut(printable(name, keep=""), terminal_columns()))
        # The marks have no width, and no line may break between a mark and its word.
        plain = printable(" ".join(snippet.split()), keep=FOUND + END)
        for line in textwrap.wrap(plain, terminal_columns() - 4):
            typer.echo(f"  {_marked(line)}")
    if not hits:
        typer.echo("nothing found", err=True)


def show_stats(found: Mapping[str, Any]) -> None:
    """Print the counts, one table per column that they are grouped by."""
    for name, value in found.items():
        rows = [value] if isinstance(value, Mapping) else value
        if rows:
            show_title(name.replace("_", " "))
            show_table([_shorter(row) for row in rows])
            typer.echo()


def _shorter(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts of a row under short names."""
    return {_SHORT.get(k, k): v for k, v in row.items() if k != "raw_chars"}


def _marked(line: str) -> str:
    found = re.sub(
        f"{FOUND}([^{END}]*){END}", lambda word: styled(word[1], bold=True), line
    )
    return found.replace(FOUND, "").replace(END, "")


def show_tree(node: dict[str, Any], marked: str) -> None:
    """Print a lineage tree, and mark the document `marked`."""
    for line, is_marked in tree_lines(node, marked):
        shown = cut(printable(line, keep=""), terminal_columns() - 2)
        mark = " *" if is_marked else ""
        typer.echo(styled(f"{shown}{mark}", bold=True) if is_marked else shown)
