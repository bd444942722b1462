"""Run the evaluations of a cohort that are not done, asking language models."""

from docs_index.apps.cli.commands.run_evaluations import app

if __name__ == "__main__":
    app()
