"""Write the documents report: one HTML page of what the index holds and lacks."""

from pathlib import Path
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.export_files import refuse_to_overwrite
from docs_index.apps.cli.options import DataRoot
from docs_index.apps.web.report import write_report
from docs_index.errors import printable
from docs_index.layout import open_filled_layout


def report(
    data_root: DataRoot = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The page (default: 7_reporting/documents_report.html).",
        ),
    ] = None,
) -> None:
    """Write one HTML page of what the index has and lacks.

    Example: docs-index report --data-root ~/experiment
    """
    with ending_cleanly():
        layout = open_filled_layout(data_root)
        if output:
            refuse_to_overwrite(output, replace=True)
        path = (output or layout.page).absolute()
        is_new = write_report(layout, path)
        prefix = "" if is_new else "nothing new in "
        typer.echo(f"{prefix}{printable(str(path))}")


app = command(report)
