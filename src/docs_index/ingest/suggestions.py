"""Suggest repairs of rejected rows for the user to judge; repair nothing.

SQL (models/plan) over the last build decides which files and parents are suggested.
This module lists files, reads the texts that are compared, and writes
`repair_suggestions.csv` only. Contract: docs/repairs.md.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from docs_index.disk.confined import Folder, UnusableError
from docs_index.disk.lock import held_lock
from docs_index.layout import Layout, is_litter
from docs_index.paths import is_of_a_path, naming
from docs_index.resources import sql
from docs_index.warehouse.build_record import attach_build, find_build
from docs_index.warehouse.csv_files import publish_copy
from docs_index.warehouse.session import Session, opened_session

MAX_TEXT_BYTES = 2**20
_SUGGESTED = "build.plan.suggested_repairs"
_ROW = "(source_csv, row_key, row_index)"
_SUMMARY = "build.plan.run_summary where topic = 'reason' order by rank"
_BAD_ROWS = f"select name, amount from {_SUMMARY}"


@dataclass(frozen=True)
class Summary:
    """Counts of rejected rows and suggestions, by the reason of the rows."""

    data_root: str
    run_id: str
    output: str
    is_new: bool
    bad_rows: dict[str, int]
    rows_with_suggestions: dict[str, int]
    suggestions: dict[str, int]


def suggest_repairs(layout: Layout, run_id: str | None) -> Summary:
    """Write suggestions for the rejected rows of the last build.

    Raises:
        DocsIndexError: nothing was written.
        OSError, duckdb.Error: reading or writing failed; the file was not changed.
    """
    find_build(layout)  # before the lock, which would create the folder
    with held_lock(layout.lock), opened_session(layout) as session:
        built_run_id = attach_build(session.db, layout, run_id)
        session.keep("source_rows", "build.plan.located_rows")
        session.insert("run.candidate_files", _files(session))
        session.insert("run.prompts", _prompts(session))
        if session.count("run.prompts"):
            session.insert("run.draft_texts", _draft_texts(session))
        session.keep("unnamed_files", "build.plan.unnamed_files")
        session.keep("likely_names", "build.plan.likely_names")
        session.insert("run.unusable_files", _unusable(session))
        session.db.execute(f"create table suggested as from {_SUGGESTED}")
        is_new = publish_copy(
            session.db, layout.suggestions, "from suggested", session.scratch
        )
        return Summary(
            data_root=str(layout.root),
            run_id=built_run_id,
            output=layout.within(layout.suggestions),
            is_new=is_new,
            bad_rows=dict(session.rows(_BAD_ROWS)),
            rows_with_suggestions=_counts(session, f"count(distinct {_ROW})"),
            suggestions=_counts(session, "count(*)"),
        )


def _counts(session: Session, aggregate: str) -> dict[str, int]:
    grouped = f"select bad_reason, {aggregate} from suggested group by all order by all"
    return dict(session.rows(grouped))


def _files(session: Session) -> Iterator[tuple[str, str]]:
    """Yield the regular files of the folders that SQL names, by path.

    No link is followed. A name that is not UTF-8 is left out: no table can hold it.
    """
    folders = "select distinct root_folder from build.plan.sought_files order by all"
    for (folder,) in session.rows(folders):
        top = session.layout.root / folder
        session.layout.refuse_link_out(top)
        yield from ((folder, path) for path in _below(f"{top}/") if _is_text(path))


def _below(top: str, inside: str = "") -> Iterator[str]:
    """Yield the regular files in a folder by path; a missing one has none.

    `os.walk` would leave out what the machine fails to list, without a word.
    """
    try:
        with naming(top + inside), os.scandir(top + inside) as entries:
            kept = [each for each in entries if not is_litter(each.name)]
            found = sorted(kept, key=lambda entry: entry.name)
    except OSError as error:
        if is_of_a_path(error):
            return
        raise
    for entry in found:
        if entry.is_file(follow_symlinks=False):
            yield f"{inside}{entry.name}"
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(top, f"{inside}{entry.name}/")


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _prompts(session: Session) -> Iterator[tuple[int, str]]:
    """Yield the prompts of the essays without a parent, if they have prompts."""
    folder = Folder(str(session.layout.responses), MAX_TEXT_BYTES)
    sought = "select write_order, prompt_file from build.plan.sought_parents"
    for write_order, path in session.rows(sought):
        if path is not None and (content := _read(folder, path)) is not None:
            yield write_order, content.decode(errors="replace")


def _draft_texts(session: Session) -> Iterator[tuple[str, str]]:
    """Yield the text of every draft document: the parsed text, else the raw text."""
    folder = Folder(str(session.layout.responses), MAX_TEXT_BYTES)
    drafts = session.rows(sql("ingest/draft_responses.sql"))
    for row_key, path, start, size in drafts:
        if (content := _read(folder, path)) is not None:
            text = content if start is None else content[start:][:size]
            yield row_key, text.decode(errors="replace")


def _unusable(session: Session) -> Iterator[tuple[str, str]]:
    """Yield the files that match a rejected row, but that no build could use."""
    (max_bytes,) = session.one("select max_response_bytes from build.main.build_record")
    for name, path in session.rows("from build.plan.compared_files order by all"):
        folder = Folder(str(session.layout.root / name), max_bytes)
        try:
            folder.read(path)
        except UnusableError:
            yield name, path


def _read(folder: Folder, path: str) -> bytes | None:
    try:
        return folder.read_bytes(path)
    except UnusableError:
        return None
