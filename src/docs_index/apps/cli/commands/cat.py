"""The command `docs-index cat`."""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from docs_index.apps.cli import filter_options
from docs_index.apps.cli.command import command
from docs_index.apps.cli.exits import NEEDS_A_PERSON, ending_cleanly
from docs_index.apps.cli.options import AsJson, DataRoot
from docs_index.apps.cli.text_tables import show_json
from docs_index.errors import printable
from docs_index.index.lookup import chosen, part_of
from docs_index.index.reader import open_documents


class Part(StrEnum):
    """The texts of a document."""

    RAW = "raw"
    PARSED = "parsed"
    PROMPT = "prompt"


def cat(
    name: filter_options.Id,
    part: Annotated[Part, typer.Option(help="Which of its texts.")] = Part.RAW,
    as_json: AsJson = False,
    data_root: DataRoot = None,
) -> None:
    """Print the text of a document, and nothing else.

    Example: docs-index cat 6z2j --part parsed
    """
    with ending_cleanly(), open_documents(data_root) as documents:
        document = chosen(documents, name)
        content = part_of(documents, document, part)
        if as_json:
            text = content.decode(errors="replace")
            show_json({"doc_id": document.doc_id, "part": part, "text": text})
        elif sys.stdout.isatty():
            text = printable(content.decode(errors="replace"), keep="\n\t")
            typer.echo(text, nl=False)
        else:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()


app = command(cat, NEEDS_A_PERSON)
