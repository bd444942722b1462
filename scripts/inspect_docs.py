"""Look things up in the index: the same as the installed command `docs-index`."""

from docs_index.apps.cli.app import app

if __name__ == "__main__":
    app(prog_name="inspect_docs.py")
