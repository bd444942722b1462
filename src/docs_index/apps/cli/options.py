"""The options that several commands have, each with one meaning in all of them.

Options that choose documents are in `filter_options`, as they need the index.
"""

import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from docs_index.data_roots import choose_root
from docs_index.errors import printable
from docs_index.layout import IndexFormat, LayoutKind
from docs_index.paths import is_folder

_NAMED_BY = {
    "option": "--data-root",
    "DATA_ROOT": "DATA_ROOT",
    "found": "found here or above; DATA_ROOT is not set",
}


def _say_where(ctx: typer.Context, given: Path | None) -> Path | None:
    """Name the data root on stderr: to people always, to programs if it was found."""
    if ctx.resilient_parsing:  # a shell completes the command line
        return given
    path, source = choose_root(given)
    is_shown = bool(sys.stderr and sys.stderr.isatty())  # none if it is closed
    if source != "found" and not is_shown:
        return given
    is_there = False
    with suppress(OSError):  # the command itself says what is wrong with it
        is_there = is_folder(path)
    if is_there:
        where = printable(str(path.absolute()), keep="")
        typer.echo(f"data root {where} ({_NAMED_BY[source]})", err=True)
    return given


def _under_the_root(folder: str | None) -> str | None:
    """Refuse a folder that is not under the data root, as the dbt var does."""
    if folder is not None and (
        folder.startswith("/") or ".." in folder.split("/") or not folder.strip()
    ):
        message = "must be a folder under the data root, like 4_evaluation"
        raise typer.BadParameter(message)
    return folder


DataRoot = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        callback=_say_where,
        help="The data root (default: DATA_ROOT, else the one found here or above).",
    ),
]
RunId = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Part of every doc_id (default: RUN_ID, else backfill)."
    ),
]
Cohort = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The cohort's name (default: DD_COHORT)."),
]
NamedCohort = Annotated[
    str | None, typer.Argument(metavar="COHORT", help="The cohort's name, as --cohort.")
]
FailedIds = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the gen_ids of failed evaluations to this file, one per line.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Processes (default: one per core)."),
]
ALL = sys.maxsize
"""A limit that lets everything through: the largest number of SQLite."""
Limit = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="N",
        callback=lambda number: min(number, ALL),
        help="How many to show at most; 0 is all.",
    ),
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace a file that exists.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="End with 3 if there are rejected rows or notices."),
]
FullRefresh = Annotated[
    bool,
    typer.Option(
        "--full-refresh", help="Build again though nothing has changed since."
    ),
]
AllowShrunk = Annotated[
    bool,
    typer.Option(
        "--allow-shrunk",
        help="Continue if a table has lost the rows of most of its documents.",
    ),
]
Link = Annotated[
    bool,
    typer.Option(
        "--link",
        help="Make parsed.txt a hard link to raw.txt where both are equal: it takes no "
        "room, but an edit of one edits both.",
    ),
]
NewLayout = Annotated[
    LayoutKind | None,
    typer.Option(
        "--layout",
        help="How a new index stores documents: a directory each (the default), or "
        "packed in Parquet files.",
    ),
]
NewIndex = Annotated[
    IndexFormat | None,
    typer.Option(
        "--index",
        help="Where a new index keeps the rows of packed documents: in SQLite (the "
        "default up to ten million documents), or in Parquet.",
    ),
]
EvaluationRoot = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        callback=_under_the_root,
        help="The folder under the data root that paths of evaluations are relative "
        "to (default: 3_generation).",
    ),
]
MaxResponseBytes = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="The largest response file that is read (default: 67108864).",
    ),
]


class Engine(StrEnum):
    """What builds the documents."""

    DUCKDB = "duckdb"
    SPARK = "spark"


EngineName = Annotated[
    Engine,
    typer.Option(
        "--engine", help="What builds: DuckDB, or Spark or Sail (see --session)."
    ),
]
EngineSession = Annotated[
    str | None,
    typer.Option(
        metavar="SESSION",
        envvar="SPARK_REMOTE",
        help="For --engine spark: sail, local, or the address of a server of Spark "
        "Connect, as sc://host:15002 (default: local).",
    ),
]


class PackedBy(StrEnum):
    """Who writes shards."""

    ENGINE = "engine"
    HERE = "here"


ShardsBy = Annotated[
    PackedBy | None,
    typer.Option(
        "--packed-by",
        help="For --engine spark and packed documents: who writes the shards, the "
        "engine's workers or this process (default: the workers, if there are at least "
        "256 MB to write).",
    ),
]
