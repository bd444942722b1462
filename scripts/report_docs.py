"""Write the documents report: one HTML page of what the index holds and lacks."""

from docs_index.apps.cli.commands.report import app

if __name__ == "__main__":
    app()
