"""Run the evaluations of a cohort that are not done, asking language models."""

from docs_index.apps.cli.commands.cohort_run import app

if __name__ == "__main__":
    app()
