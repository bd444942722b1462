"""How far a run is, shown on stderr while it runs."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from docs_index.progress import Progress

_EVERY_SECONDS = 10.0


@contextmanager
def shown_progress(*, quiet: bool, what: str = "documents") -> Iterator[Progress]:
    """Show how far a run is: a bar on a terminal, a line now and then elsewhere."""
    if quiet:
        yield lambda done, total: None
    elif sys.stderr and sys.stderr.isatty():  # none if it is closed
        with _bar(what) as progress:
            yield progress
    else:
        yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(what: str) -> Progress:
    import typer

    shown = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal shown
        if not done or time.monotonic() - shown > _EVERY_SECONDS:
            shown = time.monotonic()
            typer.echo(f"{done} of {total} {what}", err=True)

    return show
