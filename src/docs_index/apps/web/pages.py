"""A plugin of Datasette: the pages of the index, their links, and a guard.

Only reads the copy of the index that is shown, and the texts of the document whose page
is opened. Answers requests from this machine only. `document_page` has what is on a
document's page; the templates say how all looks.
"""

import json
from collections.abc import Generator, Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from urllib.parse import urlencode

from datasette import Response, hookimpl  # type: ignore[import-untyped]
from datasette.app import Datasette  # type: ignore[import-untyped]
from datasette.utils import tilde_decode, tilde_encode  # type: ignore[import-untyped]
from datasette.utils.asgi import Base400  # type: ignore[import-untyped]
from datasette.views.base import DatasetteError  # type: ignore[import-untyped]
from markupsafe import Markup, escape

from docs_index.apps.web.copies import FollowedIndex
from docs_index.apps.web.document_page import document_facts
from docs_index.apps.web.markup import marked, with_code
from docs_index.apps.web.search_words import NOTHING, as_query
from docs_index.errors import printable
from docs_index.index.query import Row
from docs_index.resources import sql
from docs_index.vocabulary import STAGES

_HOSTS: Final = {"localhost", "127.0.0.1"}
# The pages contain no script, and load nothing from elsewhere.
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_REFUSED: Final = {"type": "http.response.start", "status": 421, "headers": []}
_START: Final = {
    "type": "http.response.start",
    "status": 302,
    "headers": [(b"location", b"/documents")],
}
_NOTHING: Final = {"type": "http.response.body", "body": b""}
# The columns of a table that its page has; the others are on the page of a row.
_COLUMNS: Final = {
    "documents": (
        "task_id", "stage", "template_id", "model_id", "created_at", "status",
        "score", "parent_doc_id", "doc_id",
    ),
    "bad_generations": (
        "Link", "reason", "detail", "task_id", "template_id", "model_id",
    ),
}  # fmt: skip
_COLOURED: Final = (*STAGES, "generation", "judgement")
_LABELS: Final = {
    "doc_id": "Document",
    "parent_doc_id": "Parent",
    "task_id": "Task",
    "template_id": "Template",
    "model_id": "Model",
    "created_at": "Created",
    "source_csv": "Results table",
    "row_index": "Row number",
    "bad_rows": "Rejected rows",
    "remedy": "What to do",
    "Link": "Row",
    "combo_id": "Combo",
    "raw_bytes": "Bytes of the raw text",
    "raw_chars": "Characters of the raw text",
    "parsed_chars": "Characters of the parsed text",
    "content_hash": "Hash of the raw text",
    "meta_small": "Further facts",
    "doc_dir": "Directory, below docs/",
    "run_id": "Name of the backfill (run_id)",
    "row_key": "Name of the attempt (row_key)",
    "logical_key_id": "Logical key",
    "linked_doc_id": "Linked document",
    "file": "File of the record",
    "position": "Record in the file",
    "created_from": "Where its time is from",
    "origin_run_id": "Run of the tool",
    "score_text": "Score in words",
    "status_raw": "Status in the record",
    "meta": "Kept of the record",
}


class Pages:
    """The plugin. It leaves every other Datasette of this process alone."""

    __name__ = (
        "docs_index.apps.web"  # the package in which Datasette looks for templates
    )

    @hookimpl  # type: ignore[untyped-decorator]
    def get_metadata(self, datasette: Datasette) -> dict[str, Any]:
        """Describe the columns as the index does."""
        index = _index_of(datasette)
        if index is None:
            return {}
        described = index.shown.descriptions.items()
        tables = {table: {"columns": columns} for table, columns in described}
        return {"databases": {"documents": {"tables": tables}}}

    @hookimpl  # type: ignore[untyped-decorator]
    def render_cell(
        self, row: Any, value: Any, column: str, table: str | None, datasette: Datasette
    ) -> str | None:
        """Turn what a cell names into links, and moments into what is short."""
        if value in (None, "", 0) or _index_of(datasette) is None:
            return None
        if isinstance(value, dict):  # a parent, as Datasette has labelled it
            return _link(_address("documents", value["value"]), value["label"])
        if column == "doc_id" or (column == "parent_doc_id" and table is None):
            return _link(_address("documents", value), value)
        if column == "task_id" and "doc_id" in row.keys():  # noqa: SIM118
            return _link(_address("documents", row["doc_id"]), value)
        if column in ("parse_errors", "bad_rows") and table is None:
            return _counted(row, column, value)
        if not isinstance(value, str):
            return None
        if column == "created_at":
            return _moment(value)
        if column == "meta_small":
            return _facts(value)
        if column == "stage":
            known = f" {value}" if value in _COLOURED else ""
            return Markup(f'<span class="stage{known}">{escape(value)}</span>')
        if column == "status" and value == "parse_error":
            return Markup('<span class="warning">parse error</span>')
        return None if value.isprintable() else printable(value)

    @hookimpl  # type: ignore[untyped-decorator]
    def extra_template_vars(
        self, template: str, table: str | None, request: Any, datasette: Datasette
    ) -> Any:
        """Add what a page has beyond the rows that Datasette finds for it."""
        index = _index_of(datasette)
        if index is None:
            return {}

        async def found() -> dict[str, Any]:
            match template:
                case "row-documents-documents.html":
                    return await document_facts(index, _key_of(request))
                case "database.html":
                    stages = await _rows(index, "browse_stages")
                    return {"stages": stages, "reasons": await _reasons(index)}
                case "query-documents-bad_rows_by_reason.html" | "row.html":
                    return {"reasons": await _reasons(index)}
            return {"chosen_columns": _COLUMNS.get(table or "")}

        return found

    @hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator]
    def handle_exception(
        self, datasette: Datasette, request: Any, exception: Exception
    ) -> Generator[None, Any, None]:
        """Say plainly what cannot be shown, in place of Datasette's traceback."""
        outcome = yield
        is_known = isinstance(exception, Base400 | DatasetteError)
        if _index_of(datasette) is None or not is_known:
            return

        async def answer() -> Any:
            status = exception.status  # type: ignore[attr-defined]
            message = str(getattr(exception, "message", None) or exception)
            if request.path.endswith(".json"):
                error = {"ok": False, "error": message, "status": status, "title": None}
                return Response.json(error, status=status)
            facts = {"status": status, "error": message}
            page = await datasette.render_template("error.html", facts, request=request)
            return Response.html(page, status=status)

        outcome.force_result([answer])

    @hookimpl  # type: ignore[untyped-decorator]
    def asgi_wrapper(self, datasette: Datasette) -> Any:
        """Answer this machine only, and forbid pages to load from elsewhere."""

        def wrapped(app: Any) -> Any:
            return _guarded(app, datasette)

        return wrapped


PAGES: Final = Pages()


def prepare(datasette: Datasette) -> None:
    """Give the templates what all of them use."""
    environment = datasette.jinja_env
    environment.globals["index"] = _index_of(datasette)
    environment.filters |= {
        "label": _label,
        "marked": marked,
        "with_code": with_code,
        "moment": _moment,
        "count": lambda number: f"{number:,}",
        "printable": printable,
        "has_words": lambda text: as_query(text) != NOTHING,
        "groupby_in_order": _grouped,
    }


def _index_of(datasette: Datasette) -> FollowedIndex | None:
    """Return the index that a Datasette shows, None if it is not one of ours."""
    index = datasette.databases.get("documents")
    return index if isinstance(index, FollowedIndex) else None


def _key_of(request: Any) -> str:
    key: str = tilde_decode(request.url_vars["pks"])
    return key


async def _rows(index: FollowedIndex, name: str) -> list[Row]:
    found = await index.execute(sql(f"apps/web/{name}.sql"))
    return [dict(row) for row in found]


async def _reasons(index: FollowedIndex) -> list[Row]:
    return await _rows(index, "browse_reasons")


def _grouped(rows: Iterable[Any], name: str) -> list[tuple[Any, list[Any]]]:
    """Return the rows by the value of a column, in their order."""
    return [(key, list(found)) for key, found in groupby(rows, itemgetter(name))]


def _label(column: str) -> str:
    """Return what a column is called on a page."""
    return _LABELS.get(column) or printable(column).replace("_", " ").capitalize()


def _moment(text: str) -> str:
    """Return an instant to the second."""
    return printable(text[:19].replace("T", " "))


def _address(table: str, key: str = "") -> str:
    """Return the address of a table, or of its row of a key of one column."""
    return f"/documents/{table}/{tilde_encode(key)}" if key else f"/documents/{table}"


def _link(address: str, text: object) -> Markup:
    return Markup(f'<a href="{escape(address)}">{escape(printable(str(text)))}</a>')


def _facts(text: str) -> Markup | None:
    """Return the fields of a JSON object, one a line."""
    try:
        fields = json.loads(text).items()
    except (ValueError, AttributeError):
        return None
    lines = (
        printable(f"{_label(name)}: {value}")
        for name, value in fields
        if value is not None
    )
    return Markup("<br>").join(lines)


def _counted(row: Any, column: str, number: int) -> Markup | None:
    """Return a number of rows as a link to them, None where the query has no pair."""
    pair = ("stage", "template_id", "model_id")
    if not set(pair) <= set(row.keys()):
        return None
    values = {name: row[name] for name in pair}
    table = "documents" if column == "parse_errors" else "bad_generations"
    if table == "bad_generations":
        del values["stage"]  # the table has none
    else:
        values["status"] = "parse_error"
    return _link(f"{_address(table)}?{urlencode(values)}", number)


def _guarded(app: Any, datasette: Datasette) -> Any:
    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        async def send_with_policy(event: Any) -> None:
            if event["type"] == "http.response.start":
                policy = (b"content-security-policy", _POLICY.encode())
                event = {**event, "headers": [*event["headers"], policy]}
            await send(event)

        index = _index_of(datasette)
        if scope["type"] != "http" or index is None:
            await app(scope, receive, send)
        elif not _is_for_here(scope):
            await send(_REFUSED)
            await send(_NOTHING)
        elif scope["path"] == "/":  # Datasette's list of one database
            await send_with_policy(_START)
            await send(_NOTHING)
        else:
            async with index.in_use():
                await app(scope, receive, send_with_policy)

    return guarded


def _is_for_here(scope: Any) -> bool:
    """Tell whether a request names this machine; other names can resolve to it."""
    host: bytes = dict(scope["headers"]).get(b"host", b"")
    return host.decode(errors="replace").partition(":")[0] in _HOSTS
