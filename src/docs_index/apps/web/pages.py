"""A plugin of Datasette: documents' pages, links between documents, and a guard.

Only reads the copy of the index that Datasette serves, and the texts of the document
whose page is opened. Answers requests from this machine only.
"""

from typing import Any, Final

from datasette import hookimpl  # type: ignore[import-untyped]
from datasette.app import Datasette  # type: ignore[import-untyped]
from datasette.utils import tilde_decode  # type: ignore[import-untyped]
from markupsafe import Markup

from docs_index.apps.web.markup import safe_html
from docs_index.index.texts import read_part
from docs_index.layout import Layout
from docs_index.resources import sql

_PARTS: Final = ("parsed", "raw", "prompt")  # in their order on a page
_LONGEST: Final = 200_000  # characters of a text that a page shows
_HOSTS: Final = {"localhost", "127.0.0.1"}
# Datasette's pages contain their scripts and styles, and load nothing from elsewhere.
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_REFUSED: Final = {"type": "http.response.start", "status": 421, "headers": []}


class Pages:
    """A plugin of Datasette, for one data root."""

    __name__ = (
        "docs_index.apps.web"  # the package in which Datasette looks for templates
    )

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @hookimpl  # type: ignore[untyped-decorator]
    def render_cell(
        self, value: object, column: str, table: str | None, datasette: Datasette
    ) -> Markup | None:
        """Turn doc_ids in the results of a query into links, as tables have them."""
        if table or column not in ("doc_id", "parent_doc_id") or not value:
            return None
        link = datasette.urls.row("documents", "documents", value)
        return Markup('<a href="{}">{}</a>').format(link, value)

    @hookimpl  # type: ignore[untyped-decorator]
    def extra_template_vars(
        self, table: str | None, view_name: str, request: Any, datasette: Datasette
    ) -> Any:
        """Add the lineage and the texts to a document's page."""
        if (table, view_name) != ("documents", "row"):
            return {}

        async def found() -> dict[str, Any]:
            doc_id = {"doc_id": tilde_decode(request.url_vars["pks"])}
            index = datasette.get_database("documents")
            lineage = sql("apps/web/browse_lineage.sql")
            where = "select doc_dir from documents where doc_id = :doc_id"
            place = (await index.execute(where, doc_id)).first()
            return {
                "lineage": list(await index.execute(lineage, doc_id)),
                "parts": self._parts(place["doc_dir"]),
            }

        return found

    def _parts(self, doc_dir: str) -> list[dict[str, Any]]:
        """Return the texts of a document; the first one is rendered as HTML."""
        parts: list[dict[str, Any]] = []
        for name in _PARTS:
            content = read_part(self.layout, doc_dir, f"{name}.txt")
            if content is None:
                continue
            text = content.decode(errors="replace")
            is_cut = len(text) > _LONGEST
            html = None if parts or is_cut else safe_html(text)
            shown = {"text": text[:_LONGEST], "is_cut": is_cut, "html": html}
            parts.append({"name": name} | shown)
        return parts

    @hookimpl  # type: ignore[untyped-decorator]
    def asgi_wrapper(self) -> Any:
        """Answer this machine only, and forbid pages to load from elsewhere."""
        return _guarded


def _guarded(app: Any) -> Any:
    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        async def send_with_policy(event: Any) -> None:
            if event["type"] == "http.response.start":
                policy = (b"content-security-policy", _POLICY.encode())
                event = {**event, "headers": [*event["headers"], policy]}
            await send(event)

        if scope["type"] == "http" and not _is_for_here(scope):
            await send(_REFUSED)
            await send({"type": "http.response.body", "body": b""})
        else:
            await app(scope, receive, send_with_policy)

    return guarded


def _is_for_here(scope: Any) -> bool:
    """Tell whether a request names this machine; other names can resolve to it."""
    host: bytes = dict(scope["headers"]).get(b"host", b"")
    return host.decode(errors="replace").partition(":")[0] in _HOSTS
