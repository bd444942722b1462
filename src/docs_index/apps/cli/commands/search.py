"""The command `docs-index search`."""

from typing import Annotated

import typer

from docs_index.apps.cli import filter_options, views
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import NEEDS_A_PERSON, ending_cleanly
from docs_index.apps.cli.options import ALL, AsJson, DataRoot, Limit
from docs_index.apps.cli.text_tables import show_json
from docs_index.errors import VERIFY, DamagedDocumentError
from docs_index.index import search, shapes
from docs_index.index.filters import Filters
from docs_index.index.reader import open_documents


@filter_options.with_filters
def search_texts(
    filters: Filters,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="All must occur. w* finds words that begin with w; 'a b' is a phrase."
        ),
    ] = None,
    limit: Limit = 10,
    build: Annotated[
        bool, typer.Option("--build", help="Rebuild the search index.")
    ] = False,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Search the texts of documents, the best first.

    Example: docs-index search lighthouse 'tide pools' --stage essay
    """
    if not words and not build:
        raise typer.BadParameter("name words to search for, or pass --build")
    with (
        ending_cleanly(),
        open_documents(data_root) as documents,
        search.searching(documents) as connection,
    ):
        taken_in, unreadable = search.refresh(connection, documents, from_scratch=build)
        if taken_in:
            typer.echo(f"{taken_in} documents taken into the search index", err=True)
        if words:
            found = list(search.hits(connection, words, filters, limit or ALL))
            if as_json:
                show_json({"hits": [shapes.hit_object(*hit) for hit in found]})
            else:
                views.show_hits(found)
        if unreadable:
            raise DamagedDocumentError(
                f"{unreadable} documents cannot be read, so they are not searched; "
                f"{VERIFY}"
            )


app = command(search_texts, NEEDS_A_PERSON)
