"""Rebuild the SQLite index from the documents' directories."""

from docs_index.apps.cli.commands.reindex import app

if __name__ == "__main__":
    app()
