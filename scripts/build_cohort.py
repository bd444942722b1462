"""Build a cohort: its membership, and directories for the evaluations it adds."""

from docs_index.apps.cli.commands.cohort_build import app

if __name__ == "__main__":
    app()
