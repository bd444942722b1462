"""What `run` and `plan` share: the build, and the output of both."""

from collections.abc import Mapping
from dataclasses import asdict

import typer

from docs_index.apps.cli.progress import shown_progress
from docs_index.apps.cli.run_output import print_summary
from docs_index.apps.cli.text_tables import show_json
from docs_index.engines.engine_run import build_on_engine
from docs_index.engines.sessions import shown
from docs_index.errors import printable
from docs_index.ingest.materialize import Summary
from docs_index.layout import Layout
from docs_index.warehouse.dbt_run import Built, build_documents
from docs_index.warehouse.last_build import keeps_build

_KEPT = "kept the last build: nothing has changed since (--full-refresh builds again)"


def build_settings(
    evaluation_root: str | None, max_response_bytes: int | None
) -> dict[str, object]:
    """Return the options of a build that were given, as dbt's vars."""
    variables = {
        "evaluation_root": evaluation_root,
        "max_response_bytes": max_response_bytes,
    }
    return {name: value for name, value in variables.items() if value is not None}


def is_kept(
    layout: Layout, settings: Mapping[str, object], run_id: str | None, *, quiet: bool
) -> bool:
    """Tell whether the last build would be made once more; say so on stderr."""
    keeps = keeps_build(layout, settings, run_id)
    if keeps and not quiet:
        typer.echo(_KEPT, err=True)
    return keeps


def built(
    layout: Layout,
    settings: Mapping[str, object],
    run_id: str | None,
    *,
    quiet: bool,
    engine: str | None = None,
) -> Built:
    """Build the documents of a data root, and say on stderr what was built.

    `engine` names an engine of `engines`; without one, DuckDB builds.
    """
    with shown_progress(quiet=quiet, what="steps of the build") as progress:
        if engine is None:
            build = build_documents(layout, settings, run_id, progress)
        else:
            build = build_on_engine(layout, engine, settings, run_id, progress)
    if not quiet:
        typer.echo(
            f"{f'on {shown(engine)} and DuckDB: ' if engine else ''}"
            f"built {build.models} models, {build.tests} tests passed, "
            f"{build.seconds:.1f} s; log: {printable(build.log)}",
            err=True,
        )
    return build


def show_outcome(
    build: Built | None, summary: Summary, given_root: object, *, as_json: bool
) -> None:
    """Print what a run did, or would do, with what its build did, if there was one."""
    if as_json:
        show_json(asdict(summary) | {"build": asdict(build) if build else None})
    else:
        print_summary(summary, given_root)
