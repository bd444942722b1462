"""Put back what is missing or damaged of documents, from their source files."""

from docs_index.apps.cli.commands.restore import app

if __name__ == "__main__":
    app()
