"""Write the documents of the last `dbt build`, and index them."""

from docs_index.apps.cli.commands.materialize import app

if __name__ == "__main__":
    app()
