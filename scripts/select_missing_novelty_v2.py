"""List the best essays that lack a score for a template, for a cohort to evaluate."""

from docs_index.apps.cli.commands.select_missing_novelty_v2 import app

if __name__ == "__main__":
    app()
