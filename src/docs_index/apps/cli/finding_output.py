"""The findings of verify and reindex without --json: text, or a table in a pipe.

The words are those of `audit.findings`.
"""

from collections.abc import Iterable, Sequence

import typer

from docs_index.apps.cli.text_tables import on_terminal, show_table, terminal_columns
from docs_index.audit.findings import (
    Finding,
    Report,
    closing_lines,
    finding_lines,
    known_findings,
    opening_lines,
)

_COLUMNS = ("code", "doc_id", "path", "detail", "remedy")


def print_report(report: Report) -> None:
    """Print a report on stdout; what is not a finding goes to stderr beside a table."""
    is_table = bool(report.findings) and not on_terminal()
    _print(opening_lines(report), err=is_table)
    print_findings(report.findings)
    _print(closing_lines(report), err=is_table)


def print_findings(findings: Sequence[Finding]) -> None:
    """Print findings: on a terminal by code with its remedy, else one per line."""
    if on_terminal():
        _print(finding_lines(findings, terminal_columns()))
    elif findings:
        known = known_findings()
        show_table(
            [each._asdict() | {"remedy": known[each.code].remedy} for each in findings],
            _COLUMNS,
        )


def _print(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        typer.echo(line, err=err)
