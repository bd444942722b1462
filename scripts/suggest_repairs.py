"""Suggest what could repair the rows that were not ingested; repair nothing."""

from docs_index.apps.cli.commands.repairs import app

if __name__ == "__main__":
    app()
