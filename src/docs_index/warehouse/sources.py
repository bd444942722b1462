"""The CSV files of one data root, each loaded when a `source()` asks for it.

Owns the meaning of a missing file: an empty table, unless all files of a group, the
generation store and histories.yml are missing. `models/staging/_sources.yml` lists the
files, and `csv_table` reads them. Writes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from docs_index.errors import DataRootError, TableRefusedError
from docs_index.layout import Layout
from docs_index.paths import is_folder, is_there
from docs_index.resources import sql
from docs_index.warehouse.csv_columns import Columns
from docs_index.warehouse.csv_grammar import Table, check_table
from docs_index.warehouse.csv_table import no_rows, read_table


class Sources:
    """The tables of one build, with the files that were found or missing."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._loaded: dict[str, Table | None] = {}

    def load(
        self, cursor: duckdb.DuckDBPyConnection, meta: Mapping[str, Any]
    ) -> duckdb.DuckDBPyRelation:
        """Return the CSV file that a source's `meta` describes.

        `meta` has `file` (relative to the data root), `columns`, `required` (groups of
        columns; a file with rows must have one of each), `any_of` (files; one of them
        must exist) and `numbered` (the column of row numbers, by default `row_index`).

        Raises:
            DocsIndexError: the file is refused, or all of a group are missing.
        """
        self._refuse_if_all_missing(meta.get("any_of", ()))
        numbered = meta.get("numbered", "row_index")
        path = self.layout.root / meta["file"]
        if not is_there(path):
            self._loaded[meta["file"]] = None
            return no_rows(cursor, meta["columns"], numbered=numbered)
        self.layout.refuse_link_out(path)
        table = check_table(path, Columns.of_source(meta))
        relation = read_table(cursor, table, meta["columns"], numbered=numbered)
        self._loaded[meta["file"]] = table
        return relation

    def _refuse_if_all_missing(self, files: Sequence[str]) -> None:
        found = [file for file in files if is_there(self.layout.root / file)]
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

        Checks that none has changed: the rows of the files belong together, and an
        essay that was added after the drafts were read would get a wrong parent.

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
        for path, table in sorted(self._loaded.items()):
            facts: list[Any] = [None, None, None]
            if table:
                facts = [table.data_rows, table.size_bytes, table.sha256]
            cursor.execute(
                "insert into files_loaded values (?, ?, ?, ?, ?, ?)",
                [str(self.layout.root), path, table is not None, *facts],
            )
        return cursor.table("files_loaded")

    def _refuse_if_changed(self) -> None:
        for file, table in self._loaded.items():
            path = self.layout.root / file
            if not (table.is_unchanged() if table else not is_there(path)):
                raise TableRefusedError(
                    f"{path} changed while the build read the other files: run again "
                    "when nothing writes to them"
                )
