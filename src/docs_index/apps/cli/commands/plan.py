"""Show what a run would do; nothing is written under the data root."""

from dataclasses import replace

import typer

from docs_index.apps.cli.building import build_settings, built, is_kept, show_outcome
from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly, exit_code
from docs_index.apps.cli.exits import HAS_BAD_ROWS, NEEDS_A_PERSON
from docs_index.apps.cli.options import (
    AllowShrunk,
    AsJson,
    DataRoot,
    EvaluationRoot,
    FullRefresh,
    MaxResponseBytes,
    Quiet,
    RunId,
    Strict,
)
from docs_index.apps.cli.progress import shown_progress
from docs_index.disk.scratch import scratch_folder
from docs_index.ingest.materialize import Options, materialize
from docs_index.layout import open_filled_layout


def plan(
    data_root: DataRoot = None,
    run_id: RunId = None,
    evaluation_root: EvaluationRoot = None,
    max_response_bytes: MaxResponseBytes = None,
    allow_shrunk: AllowShrunk = False,
    strict: Strict = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    full_refresh: FullRefresh = False,
) -> None:
    """Show what a run would do; write nothing under the data root.

    The data root may be a read-only copy. The last build is used if no file that it
    read, and no setting, has changed since; another is made in a scratch folder.

    Example: docs-index plan --data-root ~/experiment
    """
    with ending_cleanly():
        layout = open_filled_layout(data_root).for_looking()
        settings = build_settings(evaluation_root, max_response_bytes)
        with scratch_folder(layout.root) as scratch:
            build = None
            if full_refresh or not is_kept(layout, settings, run_id, quiet=quiet):
                layout = replace(layout, scratch=scratch)
                build = built(layout, settings, run_id, quiet=quiet)
            options = Options(run_id=run_id, dry_run=True, allow_shrunk=allow_shrunk)
            with shown_progress(quiet=quiet) as progress:
                summary = materialize(layout, options, progress)
        show_outcome(build, summary, data_root, as_json=as_json)
    raise typer.Exit(exit_code(summary, strict=strict))


app = command(plan, NEEDS_A_PERSON, HAS_BAD_ROWS)
