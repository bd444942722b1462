"""Serve the index as pages for a browser on this machine, with Datasette."""

from docs_index.apps.cli.commands.browse import app

if __name__ == "__main__":
    app()
