"""Say how far a cohort is: done, to do and failed, per template and model."""

from docs_index.apps.cli.commands.cohort_status import app

if __name__ == "__main__":
    app()
