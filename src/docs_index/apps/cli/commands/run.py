"""Build the index of a data root and write what is new: the main job."""

import os
from contextlib import closing, nullcontext

import typer

from docs_index.apps.cli.building import build_settings, built, is_kept, show_outcome
from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly, exit_code
from docs_index.apps.cli.exits import HAS_BAD_ROWS, NEEDS_A_PERSON
from docs_index.apps.cli.options import (
    AllowShrunk,
    AsJson,
    DataRoot,
    Engine,
    EngineName,
    EngineSession,
    EvaluationRoot,
    FullRefresh,
    Link,
    MaxResponseBytes,
    NewIndex,
    NewLayout,
    PackedBy,
    Quiet,
    RunId,
    ShardsBy,
    Strict,
    Workers,
)
from docs_index.apps.cli.progress import shown_progress
from docs_index.engines.sessions import REMOTE
from docs_index.errors import DataRootError
from docs_index.index.database import check_index
from docs_index.index.storage import agreed_storage
from docs_index.ingest.materialize import Options, materialize, refuse_links
from docs_index.layout import LayoutKind, open_filled_layout
from docs_index.warehouse.build_record import refuse_scratch


def run(
    data_root: DataRoot = None,
    run_id: RunId = None,
    evaluation_root: EvaluationRoot = None,
    max_response_bytes: MaxResponseBytes = None,
    workers: Workers = None,
    layout: NewLayout = None,
    index_format: NewIndex = None,
    link: Link = False,
    allow_shrunk: AllowShrunk = False,
    strict: Strict = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    engine: EngineName = Engine.DUCKDB,
    session: EngineSession = None,
    packed_by: ShardsBy = None,
    full_refresh: FullRefresh = False,
) -> None:
    """Build the index of a data root, and write what is new.

    It is `dbt build`, then `docs-index materialize`. Your own files are not changed.
    The last build is kept if no file that it read, and no setting, has changed since.
    With `--engine spark`, Spark 4 or Sail builds most of it (docs/engines.md).

    Example: docs-index run --data-root ~/experiment
    """
    with ending_cleanly():
        root = open_filled_layout(data_root)
        refuse_scratch(root)
        stored = check_index(root.index).storage
        kind = agreed_storage(root, stored, layout, index_format).kind
        refuse_links(kind, link=link)
        _refuse_options_of_engines(engine, session, packed_by, kind)
        engine_name = (session or "local") if engine is Engine.SPARK else None
        settings = build_settings(evaluation_root, max_response_bytes)
        build = None
        must_build = full_refresh or engine_name is not None
        if must_build or not is_kept(root, settings, run_id, quiet=quiet):
            build = built(root, settings, run_id, quiet=quiet, engine=engine_name)
        options = Options(
            run_id=run_id,
            workers=workers or os.cpu_count() or 1,
            link=link,
            allow_shrunk=allow_shrunk,
            kind=layout,
            index_format=index_format,
        )
        packing = None
        if engine_name and kind == "packed" and packed_by is not PackedBy.HERE:
            # Imported here: nanoarrow takes 40 ms.
            from docs_index.engines.packing import EnginePacking

            always = packed_by is PackedBy.ENGINE
            packing = EnginePacking(root, engine_name, always=always)
        with (
            closing(packing) if packing else nullcontext(),
            shown_progress(quiet=quiet) as progress,
        ):
            summary = materialize(root, options, progress, packing)
        if packing and packing.said and not quiet:
            typer.echo(packing.said, err=True)
        show_outcome(build, summary, data_root, as_json=as_json)
    raise typer.Exit(exit_code(summary, strict=strict))


def _refuse_options_of_engines(
    engine: Engine, session: str | None, packed_by: PackedBy | None, kind: LayoutKind
) -> None:
    """Refuse options without effect; the variable SPARK_REMOTE may always be set."""
    if engine is not Engine.SPARK:
        has_session = session and session != os.environ.get(REMOTE)
        for name, is_given in (("--session", has_session), ("--packed-by", packed_by)):
            if is_given:
                raise DataRootError(
                    f"{name} is for --engine spark: give both, or leave it out"
                )
    if packed_by and kind != "packed":
        raise DataRootError(
            f"--packed-by is for packed documents, and the layout is {kind}: leave it "
            "out, or run `docs-index repack --layout packed` first"
        )


app = command(run, NEEDS_A_PERSON, HAS_BAD_ROWS)
