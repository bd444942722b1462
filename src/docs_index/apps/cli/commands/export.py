"""The command `docs-index export`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from docs_index.apps.cli import export_files, filter_options
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import NEEDS_A_PERSON, ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot, Replace
from docs_index.apps.cli.text_tables import show_json
from docs_index.errors import printable
from docs_index.index.filters import Filters
from docs_index.index.reader import open_documents


class Format(StrEnum):
    """What an export may be."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


@filter_options.with_filters
def export(
    filters: Filters,
    form: Annotated[Format, typer.Option("--format", help="What to write.")],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file (default: stdout).")
    ] = None,
    replace: Replace = False,
    texts: Annotated[
        bool, typer.Option("--texts", help="Also the raw, parsed and prompt texts.")
    ] = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Write documents as CSV, as lines of JSON, or as Parquet.

    Example: docs-index export --format csv --latest --output latest.csv
    """
    if output is None and (form is Format.PARQUET or as_json):
        raise typer.BadParameter("--output FILE is needed for Parquet, and for --json")
    with ending_cleanly(), open_documents(data_root) as documents:
        if output:
            export_files.refuse_to_overwrite(output, replace=replace)
        condition, values = filters.condition()
        found = documents.select(f"where {condition} order by rowid", *values)
        rows = export_files.rows(documents, found, with_texts=texts)
        count = export_files.export(rows, form, output, with_texts=texts)
        if as_json:
            show_json({"output": str(output), "format": form, "documents": count})
        elif output:
            typer.echo(f"{count} documents in {printable(str(output))}", err=True)


app = command(export, NEEDS_A_PERSON)
