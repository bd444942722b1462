"""The CSV files of one data root, each loaded when a `source()` asks for it.

Owns the meaning of a missing file: an empty table, unless all files of a group, the
generation store and histories.yml are missing. `models/staging/_sources.yml` lists the
files, `table_files` finds them, and `csv_table` reads them. Writes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from docs_index.data_roots import has_table
from docs_index.errors import DataRootError, TableRefusedError
from docs_index.layout import Layout
from docs_index.paths import is_folder, is_there
from docs_index.resources import sql
from docs_index.warehouse.csv_columns import Columns
from docs_index.warehouse.csv_grammar import Table, check_table
from docs_index.warehouse.csv_table import no_rows, read_folder, read_table
from docs_index.warehouse.table_files import TableFiles, find_table

_PLACED = "row_place"


class _Loaded(NamedTuple):
    """A table that was read: its files as they were found, and as they were checked."""

    found: TableFiles
    tables: dict[str, Table]
    may_be_folder: bool


class Sources:
    """The tables of one build, with the files that were found or missing."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._loaded: dict[str, _Loaded] = {}

    def load(
        self, cursor: duckdb.DuckDBPyConnection, meta: Mapping[str, Any]
    ) -> duckdb.DuckDBPyRelation:
        """Return the CSV file that a source's `meta` describes.

        `meta` has `file` (relative to the data root), `columns`, `required` (groups of
        columns; a file with rows must have one of each), `any_of` (files; one of them
        must exist), `numbered` (the column of row numbers, by default `row_index`) and
        `may_be_folder` (whether the CSV files of a folder may be there instead). Then
        the column `row_place` says which row of which file a row is, and is null for a
        table of one file.

        Raises:
            DocsIndexError: the file is refused, or all of a group are missing.
        """
        self._refuse_if_all_missing(meta.get("any_of", ()))
        numbered = meta.get("numbered", "row_index")
        may_be_folder = meta.get("may_be_folder", False)
        found = find_table(self.layout, meta["file"], may_be_folder=may_be_folder)
        tables = {file: self._checked(file, meta) for file in found.files}
        relation = _read(cursor, found, tables, meta["columns"], numbered)
        if may_be_folder and found.folder is None:
            relation = relation.project(f"*, null::varchar as {_PLACED}")
        self._loaded[meta["file"]] = _Loaded(found, tables, may_be_folder)
        return relation

    def _checked(self, file: str, meta: Mapping[str, Any]) -> Table:
        path = self.layout.root / file
        self.layout.refuse_link_out(path)
        return check_table(path, Columns.of_source(meta))

    def _refuse_if_all_missing(self, files: Sequence[str]) -> None:
        found = [file for file in files if has_table(self.layout.root, file)]
        is_for_cohorts = is_folder(self.layout.generations) and not is_there(
            self.layout.docs
        )
        is_for_others = is_there(self.layout.histories)
        if files and not (found or is_for_cohorts or is_for_others):
            raise DataRootError(
                f"data root {self.layout.root} has none of the results tables "
                f"({', '.join(files)}): set DATA_ROOT to the folder that has them"
            )

    def input_files(self, cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        """Return one row per CSV file that was loaded or missing so far.

        A folder without files has one row too, with no rows of data. Checks that none
        has changed: the rows of the files belong together, and an essay that was added
        after the drafts were read would get a wrong parent.

        Raises:
            TableRefusedError: a file has changed since it was read, or an earlier
                command has read some of the files.
        """
        self._refuse_if_changed()
        [(tables,)] = cursor.execute(sql("warehouse/tables_loaded.sql")).fetchall()
        if tables > len(self._loaded):
            raise TableRefusedError(
                "the last build stopped before it had read all tables, and they must "
                "be read together: run `dbt build`"
            )
        cursor.execute(sql("warehouse/files_loaded.sql"))
        files = [file for each in self._loaded.values() for file in _facts(each)]
        for path, *facts in sorted(files):
            cursor.execute(
                "insert into files_loaded values (?, ?, ?, ?, ?, ?)",
                [str(self.layout.root), path, *facts],
            )
        return cursor.table("files_loaded")

    def _refuse_if_changed(self) -> None:
        for file, loaded in self._loaded.items():
            if (changed := self._changed(file, loaded)) is not None:
                raise TableRefusedError(
                    f"{self.layout.root / changed} changed while the build read the "
                    "other files: run again when nothing writes to them"
                )

    def _changed(self, file: str, loaded: _Loaded) -> str | None:
        """Return the file or folder of a table that changed since it was read."""
        for name, table in loaded.tables.items():
            if not table.is_unchanged():
                return name
        now = find_table(self.layout, file, may_be_folder=loaded.may_be_folder)
        return None if now == loaded.found else (loaded.found.folder or file)


def _read(
    cursor: duckdb.DuckDBPyConnection,
    found: TableFiles,
    tables: Mapping[str, Table],
    columns: Sequence[str],
    numbered: str,
) -> duckdb.DuckDBPyRelation:
    if found.is_missing:
        return no_rows(cursor, columns, numbered=numbered)
    if found.folder is None:
        return read_table(cursor, tables[found.file], columns, numbered=numbered)
    within = f"{found.folder.rpartition('/')[0]}/"
    named = {file.removeprefix(within): table for file, table in tables.items()}
    return read_folder(cursor, named, columns, numbered=numbered, placed=_PLACED)


def _facts(loaded: _Loaded) -> Iterator[tuple[Any, ...]]:
    """Yield path, is_present, data_rows, size_bytes and content_hash of each file."""
    for file, table in loaded.tables.items():
        yield file, True, table.data_rows, table.size_bytes, table.sha256
    if not loaded.tables:
        is_empty = loaded.found.folder is not None
        [path] = loaded.found.listed
        yield path, is_empty, 0 if is_empty else None, None, None
