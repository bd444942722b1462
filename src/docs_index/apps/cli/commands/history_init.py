"""Draft the mapping of a file of another tool, to be looked at and corrected."""

from pathlib import Path
from typing import Annotated, Any

import typer

from docs_index.apps.cli.command import command
from docs_index.apps.cli.console import ending_cleanly
from docs_index.apps.cli.options import DataRoot
from docs_index.apps.cli.text_tables import root_option
from docs_index.disk.publish import replacing
from docs_index.errors import DataRootError, OutputExistsError, printable
from docs_index.layout import Layout, open_layout
from docs_index.paths import is_file, is_there, real_path
from docs_index.warehouse.histories.drafting import Draft, draft_source
from docs_index.warehouse.histories.yaml_text import read_yaml

File = Annotated[Path, typer.Argument(metavar="FILE", help="A file of the data root.")]
Write = Annotated[
    bool, typer.Option("--write", help="Add it to histories.yml; else it is printed.")
]


def init(file: File, write: Write = False, data_root: DataRoot = None) -> None:
    """Draft the part of histories.yml for a file, from its first records.

    What is guessed says so: look at it, then run `docs-index history check`.

    Example: docs-index history init exports/answers.jsonl
    """
    with ending_cleanly():
        layout = open_layout(data_root)
        draft = draft_source(layout.root, _name(layout, file), list(_sources(layout)))
        if write:
            _add(layout, draft)
            at = printable(root_option(data_root))
            typer.echo(
                f"{draft.name} is in {printable(str(layout.histories))}; next: "
                f"docs-index history check{at}"
            )
        else:
            typer.echo(printable(f"sources:\n{draft.text}"), nl=False)


def _name(layout: Layout, file: Path) -> str:
    """Return a path from the data root on: given so, or from the current folder."""
    for path in (layout.root / file, file.absolute()):
        if is_file(path):
            real = Path(real_path(path))
            if real.is_relative_to(layout.root):
                return layout.within(real)
            raise DataRootError(f"{file} is not in the data root {layout.root}")
    raise DataRootError(f"{file} is not a file of the data root {layout.root}")


def _sources(layout: Layout) -> dict[str, Any]:
    """Return the sources of histories.yml by name, none without it."""
    if not is_there(layout.histories):
        return {}
    value = read_yaml(layout.histories.read_text(encoding="utf-8")).value
    sources = value.get("sources") if isinstance(value, dict) else None
    return sources if isinstance(sources, dict) else {}


def _add(layout: Layout, draft: Draft) -> None:
    """Add a source at the end of histories.yml.

    Raises:
        OutputExistsError: the file has a source of that name.
        DataRootError: the file is not as `history init` can add to.
    """
    path = layout.histories
    text = path.read_text(encoding="utf-8") if is_there(path) else "sources:\n"
    before = read_yaml(text)
    sources = _sources(layout)
    if draft.name in sources:
        raise OutputExistsError(
            f"{path} has a source {draft.name!r}: take it out, or rename it"
        )
    added = f"{text.rstrip()}\n{draft.text}"
    after = read_yaml(added)
    whole = after.value if isinstance(after.value, dict) else {}
    names = list(whole.get("sources") or {})
    new_source = (whole.get("sources") or {}).get(draft.name)
    for name, source in sources.items():
        if source == new_source:
            raise OutputExistsError(f"{path} has these files already, in {name!r}")
    if before.faults or after.faults or names != [*sources, draft.name]:
        raise DataRootError(
            f"{path} does not end with its sources, two blanks before each name: add "
            f"this by hand\n{draft.text}"
        )
    with replacing(path) as new:
        new.write_text(added, encoding="utf-8")


app = command(init)
