"""List the best essays that lack a score for a template, for a cohort to evaluate."""

from docs_index.apps.cli.commands.cohort_select import app

if __name__ == "__main__":
    app()
