"""Write the scores of all evaluations of the generation store to one table."""

from docs_index.apps.cli.commands.cohort_aggregate import app

if __name__ == "__main__":
    app()
