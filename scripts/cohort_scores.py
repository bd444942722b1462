"""Say what each judge of a cohort says of each essay, and how far they agree."""

from docs_index.apps.cli.commands.cohort_scores import app

if __name__ == "__main__":
    app()
