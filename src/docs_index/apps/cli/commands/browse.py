"""Serve the index as pages for a browser on this machine, with Datasette."""

import socket
from contextlib import suppress
from typing import Annotated

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.options import DataRoot
from docs_index.disk.scratch import scratch_folder
from docs_index.errors import BrowserError
from docs_index.layout import Layout, open_filled_layout

HOST = "127.0.0.1"


def listening(port: int) -> socket.socket:
    """Return a socket that only this machine can connect to."""
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise BrowserError(
            f"port {port} cannot be used ({error.strerror}): pass another with --port"
        ) from error


def serve(layout: Layout, port: int) -> None:
    """Serve copies of the index, each newer than the last, until Ctrl-C."""
    try:
        import uvicorn

        from docs_index.apps.web.browser import served
    except ModuleNotFoundError as error:
        raise BrowserError(
            f"{error.name} is not installed: run `make setup` in a checkout, or "
            "`pip install 'docs-index[browse]'`"
        ) from error
    with listening(port) as sock, scratch_folder(layout.root) as folder:
        typer.echo("reading the documents' texts", err=True)
        pages = served(layout, folder).app()
        typer.echo(f"http://{HOST}:{sock.getsockname()[1]}/documents   Ctrl-C ends it")
        server = uvicorn.Server(uvicorn.Config(pages, log_level="warning"))
        with suppress(KeyboardInterrupt):
            server.run(sockets=[sock])


def browse(
    data_root: DataRoot = None,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, metavar="N", help="The port; 0 for a free one."),
    ] = 8001,
) -> None:
    """Show the index in a browser, on this machine only.

    The pages follow the index as it grows, until Ctrl-C.

    Example: docs-index browse --data-root ~/experiment
    """
    with ending_cleanly():
        serve(open_filled_layout(data_root), port)


app = command(browse)
