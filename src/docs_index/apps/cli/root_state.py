"""What is known of a data root without a build: its files, its index, what is open.

Reads names, times of files, `histories.yml` and the index; opens no DuckDB file, so
that `status` starts at once. Writes nothing.
"""

import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from docs_index.data_roots import (
    HISTORIES,
    TABLES,
    folder_of_table,
    place_of_table,
)
from docs_index.errors import DataRootError
from docs_index.index import counts
from docs_index.index.database import has_index
from docs_index.index.reader import open_documents
from docs_index.index.storage import read_storage
from docs_index.layout import IndexFormat, Layout, LayoutKind
from docs_index.paths import is_there
from docs_index.vocabulary import STAGES


@dataclass(frozen=True)
class RootState:
    """The state of one data root; a part that is not there is None or empty.

    `histories` counts the files of each source of histories.yml; it is None if that
    file has faults. `changed_since_build` are the tables, files of histories and
    settings that were written after the build. `documents` and `generations` count by
    stage, `rejected_rows` by reason, `conflicts` and `notices` by kind. `layout` says
    how documents are stored, and `index_format` where their index rows are.
    `rejected_of_tables` counts the rejected rows that can be repaired.
    """

    data_root: str
    tables: list[str]
    missing_tables: list[str]
    histories: dict[str, int] | None
    built_at: str | None
    changed_since_build: list[str]
    has_index: bool
    layout: LayoutKind | None
    index_format: IndexFormat | None
    documents: dict[str, int]
    run_ids: list[str]
    rejected_rows: dict[str, int]
    rejected_of_tables: int
    conflicts: dict[str, int]
    notices: dict[str, int]
    generations: dict[str, int]
    cohorts: list[str]


def state_of(layout: Layout) -> RootState:
    """Return the state of a data root.

    Raises:
        IndexFileError: the index is damaged, or not one of this program.
    """
    places = {table: place_of_table(layout.root, table) for table in TABLES}
    built = layout.build.stat().st_mtime if is_there(layout.build) else None
    sources = _histories(layout)
    files = [file for named in (sources or {}).values() for file in named]
    changed = _changed_since(layout, files, built) if built else []
    found = _counted(layout)
    generations = {stage: len(_names(layout.generations / stage)) for stage in STAGES}
    return RootState(
        data_root=str(layout.root),
        tables=[place for place in places.values() if place],
        missing_tables=[table for table, place in places.items() if not place],
        histories=(
            None
            if sources is None
            else {name: len(named) for name, named in sources.items()}
        ),
        built_at=_as_written(built) if built else None,
        changed_since_build=changed,
        has_index=has_index(layout.index),
        layout=found["layout"],
        index_format=found["index_format"],
        documents={row["stage"]: row["documents"] for row in found["by_stage"]},
        run_ids=[row["run_id"] for row in found["by_run_id"]],
        rejected_rows={row["reason"]: row["rows"] for row in found["bad_rows"]},
        rejected_of_tables=found["rejected_of_tables"],
        conflicts={row["kind"]: row["rows"] for row in found["conflicts"]},
        notices={row["kind"]: row["rows"] for row in found["notices"]},
        generations={stage: n for stage, n in generations.items() if n},
        cohorts=_cohorts(layout),
    )


def _counted(layout: Layout) -> dict[str, Any]:
    """Return the counts of the index, empty ones where there is none."""
    if has_index(layout.index):
        with open_documents(layout.root) as documents:
            of_tables = counts.rejected_of_tables(documents)
            kind, index_format = read_storage(documents.connection) or (None, None)
            return counts.stats(documents) | {
                "rejected_of_tables": of_tables,
                "layout": kind,
                "index_format": index_format,
            }
    parts = ("by_stage", "by_run_id", "bad_rows", "conflicts", "notices")
    unknown = {"rejected_of_tables": 0, "layout": None, "index_format": None}
    return {part: [] for part in parts} | unknown


def _histories(layout: Layout) -> dict[str, tuple[str, ...]] | None:
    """Return the files of each source of histories.yml, None if that has faults."""
    if not is_there(layout.root / HISTORIES):
        return {}
    # Its reader imports what other roots need not wait for.
    from docs_index.warehouse.histories.checking import read_histories

    try:
        return {each.name: each.files for each in read_histories(layout.root)}
    except DataRootError:
        return None


def _changed_since(layout: Layout, named: list[str], built: float) -> list[str]:
    """Return the files that a build reads and that were written after it.

    Of response files that cannot be told without reading the tables.
    """
    files = [layout.root / name for name in (*TABLES, HISTORIES, *named)]
    for folder in (layout.root / folder_of_table(table) for table in TABLES):
        # The folder's own time tells of a file that was removed.
        files += [folder, *(folder / name for name in _names(folder))]
    raw = layout.root / "1_raw"
    files += (raw / name for name in _names(raw) if name.endswith(".csv"))
    files.append(layout.bad_generations.with_name("generation_repairs.csv"))
    return [
        layout.within(file)
        for file in files
        if is_there(file) and file.stat().st_mtime > built
    ]


def _as_written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def _names(folder: Path) -> list[str]:
    """Return the names in a folder, but for hidden ones; none if there is no folder."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    return []


def _cohorts(layout: Layout) -> list[str]:
    names = _names(layout.cohorts)
    return [name for name in names if is_there(layout.membership(name))]


def next_commands(state: RootState) -> Iterator[tuple[str, str]]:
    """Yield the commands that help most, with what each does."""
    if state.histories is None:
        yield "docs-index history check", "says what is wrong in histories.yml"
        return
    has_input = state.tables or state.histories
    if has_input and (not state.has_index or state.changed_since_build):
        yield "docs-index plan", "shows what a run would do; writes nothing"
        yield "docs-index run", "builds, and writes what is new"
        return
    if state.conflicts:
        yield "docs-index verify", "says which documents differ"
    if state.rejected_of_tables:
        yield "docs-index repairs", "suggests repairs of rejected rows"
    if state.has_index:
        yield "docs-index report", "writes one page about all documents"
    for cohort in state.cohorts:
        yield f"docs-index cohort status {shlex.quote(cohort)}", "says how far it is"
