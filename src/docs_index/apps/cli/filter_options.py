"""The options that choose documents, and the values that a shell may complete.

Owns the names of these options. Completion only reads the index, and offers nothing if
that fails.
"""

import re
import sqlite3
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from docs_index.errors import DocsIndexError
from docs_index.index.filters import Filters, is_instant
from docs_index.index.query import rows_of
from docs_index.index.reader import open_documents
from docs_index.resources import sql
from docs_index.vocabulary import STAGES, STATUSES

_MOST = 200
_STAGE = re.compile("[a-z*][a-z0-9_*]*")


def _values(column: str, begun: str) -> list[str]:
    """Return the values of a column that begin as typed, none if reading fails."""
    typed = {"column": column, "begun": begun, "most": _MOST}
    try:
        with open_documents() as documents:
            rows = rows_of(documents, sql("index/completions.sql"), typed)
    except (DocsIndexError, OSError, sqlite3.Error):
        return []
    return [row["value"] for row in rows]


def _stages(incomplete: str) -> list[str]:
    return _values("stage", incomplete)


def _tasks(incomplete: str) -> list[str]:
    return _values("task_id", incomplete)


def _templates(incomplete: str) -> list[str]:
    return _values("template_id", incomplete)


def _models(incomplete: str) -> list[str]:
    return _values("model_id", incomplete)


def _run_ids(incomplete: str) -> list[str]:
    return _values("run_id", incomplete)


def _ids(incomplete: str) -> list[str]:
    return _values("doc_id", incomplete) + _tasks(incomplete)


def _one_of(names: Sequence[str]) -> Callable[[str | None], str | None]:
    def check(text: str | None) -> str | None:
        if text is not None and "*" not in text and text not in names:
            raise typer.BadParameter(f"must be one of {', '.join(names)}")
        return text

    return check


def _stage(text: str | None) -> str | None:
    if text is not None and not _STAGE.fullmatch(text):
        raise typer.BadParameter(
            f"must be one of {', '.join(STAGES)}, or a stage of histories.yml"
        )
    return text


def _instant(text: str | None) -> str | None:
    if text is None:
        return None
    text = text.replace(" ", "T")
    if not is_instant(text):
        raise typer.BadParameter("must be like 2025-03, 2025-03-01 or 2025-03-01T08:30")
    return text


Id = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="A doc_id, the beginning of one, a task id, or a record's id.",
        autocompletion=_ids,
    ),
]
Attempt = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="A task id, a row like draft:17, a record's id, a file, or a doc_id.",
        autocompletion=_ids,
    ),
]
Stage = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="draft, essay, evaluation, or a stage of histories.yml.",
        autocompletion=_stages,
        callback=_stage,
    ),
]
Task = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The task id; * fits any text.", autocompletion=_tasks
    ),
]
Template = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The template; * fits any text.", autocompletion=_templates
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The model; * fits any text.", autocompletion=_models
    ),
]
Status = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="ok or parse_error.",
        autocompletion=lambda: list(STATUSES),
        callback=_one_of(STATUSES),
    ),
]
RunId = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The run_id.", autocompletion=_run_ids),
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Created at this time or later, in UTC, such as 2025-03.",
        callback=_instant,
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Created at this time or earlier; 2025-03 is the whole month.",
        callback=_instant,
    ),
]
Latest = Annotated[
    bool,
    typer.Option(
        "--latest", help="Only the latest document of each logical key that parsed."
    ),
]

_FILTERS = {
    "stage": Stage,
    "task": Task,
    "template": Template,
    "model": Model,
    "status": Status,
    "run_id": RunId,
    "since": Since,
    "until": Until,
    "latest": Latest,
}


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that choose documents; it takes them as `filters`."""
    own = dict(signature(command).parameters)
    del own["filters"]
    chosen = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=False if name == "latest" else None,
            annotation=kind,
        )
        for name, kind in _FILTERS.items()
    ]

    @wraps(command)
    def run(**values: Any) -> None:
        filters = Filters(*(values.pop(name) for name in _FILTERS))
        command(filters=filters, **values)

    # typer reads the options of a command from these.
    vars(run)["__signature__"] = Signature([*own.values(), *chosen])
    run.__annotations__ = {name: each.annotation for name, each in own.items()}
    run.__annotations__ |= _FILTERS
    return run
