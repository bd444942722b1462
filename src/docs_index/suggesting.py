"""Suggest what could repair bad rows, for a person to judge; nothing is repaired.

What is sought, and which candidates are good enough, is decided in SQL
(`sql/suggest_*.sql`) over the last build. This module lists the files and reads the
texts that are compared, and writes `repair_suggestions.csv`. Contract: docs/repairs.md.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from docs_index.build import attach_build, find_build
from docs_index.layout import Layout
from docs_index.lock import held_lock
from docs_index.publishing import publish_copy
from docs_index.resources import sql
from docs_index.responses import Folder, UnusableError
from docs_index.store import Store, opened_store

MOST_OF_A_ROW = 3
LEAST_SIMILARITY = 0.7
MOST_OF_A_KEY = 20
SHORTEST_LINE = 40
MAX_TEXT_BYTES = 2**20


@dataclass(frozen=True)
class Summary:
    """What was suggested: counts of rows and suggestions by the reason of the rows."""

    data_root: str
    run_id: str
    output: str
    is_new: bool
    bad_rows: dict[str, int]
    rows_with_suggestions: dict[str, int]
    suggestions: dict[str, int]


def suggest_repairs(layout: Layout, run_id: str | None) -> Summary:
    """Write what could repair the bad rows of the last build.

    Raises:
        DocsIndexError: nothing was written.
        OSError, duckdb.Error: reading or writing failed; the file is as it was.
    """
    find_build(layout)  # before the lock: it would make the folder
    with held_lock(layout.lock), opened_store(layout) as store:
        built_run_id = attach_build(store.db, layout, run_id)
        rows = sql("suggest_rows.sql")
        store.db.execute(sql("suggest_sought.sql").format(source_rows=rows))
        store.insert("files", _files(store))
        store.insert("prompts", _prompts(store))
        if store.count("prompts"):
            store.insert("draft_texts", _draft_texts(store))
        store.db.execute(_filled("suggest_likely.sql"))
        store.insert("unusable", _unusable(store))
        for name in ("suggest_pairs.sql", "suggest_parents.sql"):
            store.db.execute(_filled(name))
        query = _filled("suggest_repairs.sql")
        store.db.execute(f"create table suggested as {query}")
        is_new = publish_copy(
            store.db, layout.suggestions, "from suggested", store.scratch
        )
        return Summary(
            data_root=str(layout.root),
            run_id=built_run_id,
            output=layout.within(layout.suggestions),
            is_new=is_new,
            bad_rows=dict(store.rows(sql("bad_by_reason.sql"))),
            rows_with_suggestions=_counts(store, "count(distinct row_key)"),
            suggestions=_counts(store, "count(*)"),
        )


def _filled(name: str) -> str:
    return sql(name).format(
        most_of_a_row=MOST_OF_A_ROW,
        least_similarity=LEAST_SIMILARITY,
        most_of_a_key=MOST_OF_A_KEY,
        shortest_line=SHORTEST_LINE,
    )


def _counts(store: Store, aggregate: str) -> dict[str, int]:
    grouped = f"select bad_reason, {aggregate} from suggested group by all order by all"
    return dict(store.rows(grouped))


def _files(store: Store) -> Iterator[tuple[str, str]]:
    """Yield the regular files of the folders in which files are sought, by path.

    No link is followed, and a name that is not UTF-8 is left out: no table can hold it.
    """
    folders = "select distinct root_folder from sought_files order by all"
    for (folder,) in store.rows(folders):
        top = store.layout.root / folder
        store.layout.refuse_link_out(top)
        for directory, _, names in os.walk(f"{top}/"):
            inside = os.path.relpath(directory, top)
            for name in names:
                path = os.path.normpath(f"{inside}/{name}")
                full = f"{directory}/{name}"
                if _is_text(path) and os.path.isfile(full) and not os.path.islink(full):
                    yield folder, path


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _prompts(store: Store) -> Iterator[tuple[int, str]]:
    """Yield the prompts of the essays that have no parent, where there are any."""
    folder = Folder(str(store.layout.responses), MAX_TEXT_BYTES)
    sought = (
        "select place, prompt_file from sought_parents where prompt_file is not null"
    )
    for place, path in store.rows(sought):
        if (content := _read(folder, path)) is not None:
            yield place, content.decode(errors="replace")


def _draft_texts(store: Store) -> Iterator[tuple[str, str]]:
    """Yield the text of every draft document: what its parser made, else all of it."""
    folder = Folder(str(store.layout.responses), MAX_TEXT_BYTES)
    drafts = (
        "select row_key, response_file, parsed_from, parsed_bytes from source_rows "
        "where reason is null and stage = 'draft' order by place"
    )
    for row_key, path, start, size in store.rows(drafts):
        if (content := _read(folder, path)) is not None:
            text = content if start is None else content[start:][:size]
            yield row_key, text.decode(errors="replace")


def _unusable(store: Store) -> Iterator[tuple[str, str]]:
    """Yield the files that could be suggested, but not be used by a build."""
    (max_bytes,) = store.one("select max_response_bytes from build.main.build_record")
    for name, path in store.rows(sql("suggest_compared.sql")):
        folder = Folder(str(store.layout.root / name), max_bytes)
        try:
            folder.read(path)
        except UnusableError:
            yield name, path


def _read(folder: Folder, path: str) -> bytes | None:
    try:
        return folder.read_bytes(path)
    except UnusableError:
        return None
