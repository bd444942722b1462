"""Check that the index and the documents' directories agree; change nothing."""

from docs_index.apps.cli.commands.verify import app

if __name__ == "__main__":
    app()
