"""The command `docs-index`: look things up in the index of a data root.

What a command finds is the business of a module of its own; here is what it takes, and
how it shows it.
"""

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from docs_index.document import LATEST_FIRST
from docs_index.documents import open_documents
from docs_index.errors import VERIFY, DamagedDocumentError, printable
from docs_index.exits import ending_cleanly
from docs_index.options import AsJson, DataRoot
from docs_index.reading import counts, options, search, shapes, trees, views, why
from docs_index.reading import export as exporting
from docs_index.reading.choosing import chosen, part_of
from docs_index.reading.filters import Filters
from docs_index.reading.scores import scores
from docs_index.reading.showing import show_json, show_table
from docs_index.reading.why_view import show_reasons

_ALL = -1  # what SQLite takes for no limit

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Part(StrEnum):
    """The texts of a document."""

    RAW = "raw"
    PARSED = "parsed"
    PROMPT = "prompt"


class Format(StrEnum):
    """What an export may be."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


@app.callback()
def start() -> None:
    """Look things up in the index of a data root; no document is changed.

    Example: docs-index ls --stage essay --latest
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `docs-index ls | head` ends quietly


@app.command("ls")
@options.with_filters
def list_documents(
    filters: Filters,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0: all.")] = 50,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """List documents, the newest first.

    Example: docs-index ls --template 'bridge-*' --since 2025-02 --limit 10
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        condition, values = filters.condition()
        total = documents.count(condition, *values)
        query = f"where {condition} order by {LATEST_FIRST} limit ?"
        found = list(documents.select(query, *values, limit or _ALL))
        if as_json:
            listed = [shapes.as_object(each) for each in found]
            show_json({"total": total, "documents": listed})
            return
        views.show_documents(found)
        if len(found) < total:
            more = f"{len(found)} of {total} documents; --limit 0 lists all"
            typer.echo(more, err=True)


@app.command()
def show(
    name: options.Id,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Show a document: its row, its files, and what stands around it.

    Example: docs-index show 4qtz
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        found = shapes.in_full(documents, chosen(documents, name))
        if as_json:
            show_json(found)
        else:
            views.show_in_full(found)


@app.command()
def cat(
    name: options.Id,
    part: Annotated[Part, typer.Option(help="Which of its texts.")] = Part.RAW,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Print the text of a document, and nothing else.

    Example: docs-index cat 4qtz --part parsed
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        document = chosen(documents, name)
        content = part_of(documents, document, part)
        if as_json:
            text = content.decode(errors="replace")
            show_json({"doc_id": document.doc_id, "part": part, "text": text})
        elif sys.stdout.isatty():
            text = printable(content.decode(errors="replace"), keep="\n\t")
            typer.echo(text, nl=False)
        else:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()


@app.command("search")
@options.with_filters
def search_texts(
    filters: Filters,
    words: Annotated[
        list[str] | None,
        typer.Argument(help="All must occur; w* begins a word, 'a b' is a phrase."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0: all.")] = 10,
    build: Annotated[
        bool, typer.Option("--build", help="Make the search index anew.")
    ] = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Search the texts of documents, the best first.

    Example: docs-index search lighthouse 'tide pools' --stage essay
    """
    if not words and not build:
        raise typer.BadParameter("name words to search for, or pass --build")
    with (
        ending_cleanly(),
        open_documents(data_root) as documents,
        search.searching(documents) as connection,
    ):
        taken_in, unreadable = search.refresh(connection, documents, anew=build)
        if taken_in:
            typer.echo(f"{taken_in} documents taken into the search index", err=True)
        if words:
            found = list(search.hits(connection, words, filters, limit or _ALL))
            if as_json:
                show_json({"hits": [shapes.hit_object(*hit) for hit in found]})
            else:
                views.show_hits(found)
        if unreadable:
            raise DamagedDocumentError(
                f"{unreadable} documents cannot be read, nor be searched; {VERIFY}"
            )


@app.command()
def lineage(
    name: options.Id,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Show what a document was made from, and what was made from it.

    Example: docs-index lineage 4qtz
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        document = chosen(documents, name)
        tree = trees.tree(documents, document)
        if as_json:
            show_json({"doc_id": document.doc_id, "tree": tree})
        else:
            trees.show_tree(tree, document.doc_id)


@app.command("why")
def tell_why(
    name: options.Attempt,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0: all.")] = 20,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Tell what became of a row or a task, by which rule, and what else was considered.

    Example: docs-index why essay:7
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        found = why.explained(documents, name, limit or _ALL)
        if as_json:
            show_json(found)
        else:
            show_reasons(found)


@app.command()
def gaps(
    everything: Annotated[
        bool, typer.Option("--all", help="Also the pairs that have documents.")
    ] = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """List the pairs of template and model that have no document that parsed.

    Example: docs-index gaps
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        found = counts.gaps(documents, everything=everything)
        if as_json:
            show_json({"gaps": found})
        else:
            show_table(found)
            if not found:
                typer.echo("every template has a document of every model", err=True)


@app.command()
def stats(as_json: AsJson = False, data_root: DataRoot = None) -> None:
    """Count documents: how many, how large, of what; and what was not taken.

    Example: docs-index stats
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        found = counts.stats(documents) | {
            "tokens": None,
            "scores": scores(documents.layout),
        }
        if as_json:
            show_json(found)
        else:
            views.show_stats(found)


@app.command()
@options.with_filters
def export(
    filters: Filters,
    form: Annotated[Format, typer.Option("--format", help="What to write.")],
    output: Annotated[
        Path | None, typer.Option(help="The file (default: stdout).")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a file that is there.")
    ] = False,
    texts: Annotated[
        bool, typer.Option("--texts", help="Also the raw, parsed and prompt texts.")
    ] = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Write documents for other programs, the oldest row of the index first.

    Example: docs-index export --format csv --latest --output latest.csv
    """
    if output is None and (form is Format.PARQUET or as_json):
        raise typer.BadParameter("--output FILE is needed for Parquet, and for --json")
    with ending_cleanly(), open_documents(data_root) as documents:
        if output:
            exporting.refuse_to_overwrite(output, replace=replace)
        condition, values = filters.condition()
        found = documents.select(f"where {condition} order by rowid", *values)
        rows = exporting.rows(documents, found, with_texts=texts)
        count = exporting.export(rows, form, output, with_texts=texts)
        if as_json:
            show_json({"output": str(output), "format": form, "documents": count})
        elif output:
            typer.echo(f"{count} documents in {printable(str(output))}", err=True)
