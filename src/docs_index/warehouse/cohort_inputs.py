"""Load the sources of the dbt models in `models/cohorts`.

Owns the checks on the files' form: a table or the selection file is loaded whole or
refused. Judges no content, which the models do in SQL, and writes nothing.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from docs_index.errors import DataRootError, StorageError
from docs_index.layout import Layout
from docs_index.paths import is_there
from docs_index.quoting import column_types, identifier, literal
from docs_index.warehouse.cohort_ids import is_done_preferred, named_cohort
from docs_index.warehouse.csv_columns import Columns
from docs_index.warehouse.csv_grammar import check_table
from docs_index.warehouse.csv_table import no_rows, read_table
from docs_index.warehouse.generation_scan import COLUMNS, KEYS, scan_generations


class CohortInputs:
    """The inputs of one cohort; without a `cohort_id`, of that of `DD_COHORT`.

    With `prefers_done` or DD_PREFER_DONE, finished evaluations are taken first.
    """

    def __init__(
        self,
        layout: Layout,
        cohort_id: str | None = None,
        *,
        prefers_done: bool = False,
    ) -> None:
        self._layout = layout
        self._cohort_id = cohort_id
        self._prefers_done = prefers_done

    def load(
        self, cursor: duckdb.DuckDBPyConnection, name: str, meta: Mapping[str, Any]
    ) -> duckdb.DuckDBPyRelation:
        """Return a source by its name; `meta` describes a source that is a CSV file.

        Raises:
            DocsIndexError: an input is missing or refused.
        """
        if name == "requests":
            rows: Iterable[Row] = [self._request()]
            return _loaded(cursor, name, ("cohort_id", "prefers_done"), rows)
        if name == "selection_lines":
            rows = selection_lines(self._layout)
            return _loaded(cursor, name, ("line_number", "line_text"), rows)
        if name == "generations":
            rows = scan_generations(self._layout.generations)
            return _loaded(cursor, name, (*COLUMNS, *KEYS), rows)
        return load_table(cursor, self._layout.root / meta["file"], meta)

    def _request(self) -> "Row":
        is_preferred = is_done_preferred(asked=self._prefers_done)
        return {
            "cohort_id": named_cohort(self._cohort_id),
            "prefers_done": "true" if is_preferred else "false",
        }


Row = Mapping[str, str | int | None]


def selection_lines(layout: Layout) -> list[Row]:
    """Return the lines of the selection file with their numbers.

    Raises:
        DataRootError: the file is missing, or not UTF-8.
    """
    path = layout.selected_essays
    try:
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode()
    except FileNotFoundError:
        raise DataRootError(
            f"{path} is missing: list the essays to evaluate in it, or let "
            "docs-index cohort select choose them"
        ) from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataRootError(
            f"{path} is not UTF-8 (byte {error.start + 1}): save it as UTF-8"
        ) from error
    if "\0" in text:
        raise DataRootError(f"{path} holds a NUL byte: it must be plain text")
    lines = text.split("\n")
    return [{"line_number": n, "line_text": line} for n, line in enumerate(lines, 1)]


def load_table(
    cursor: duckdb.DuckDBPyConnection, path: Path, meta: Mapping[str, Any]
) -> duckdb.DuckDBPyRelation:
    """Return a CSV file; `meta` lists its `columns`, and groups that are `required`.

    A file with rows must have a column of each group. If it lacks a column of
    `defaults`, each row has the default text in it. A missing file that `is_optional`
    has no rows.

    Raises:
        DataRootError: the file is missing.
        TableRefusedError: it is not well-formed, lacks a required column, or has one
            that is nearly named like a known one.
    """
    if not is_there(path):
        if meta.get("is_optional"):
            return no_rows(cursor, meta["columns"])
        raise DataRootError(
            f"{path} is missing: cohorts need it, with the columns "
            f"{', '.join(' or '.join(group) for group in meta['required'])}"
        )
    table = check_table(path, Columns.of_source(meta))
    relation = read_table(cursor, table, meta["columns"])
    for name, text in meta.get("defaults", {}).items():
        if name not in table.header:
            replaced = f"{literal(text)} as {identifier(name)}"
            relation = relation.project(f"* replace ({replaced})")
    return relation


def _loaded(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    columns: Sequence[str],
    rows: Iterable[Row],
) -> duckdb.DuckDBPyRelation:
    """Return rows as a temporary table of text, loaded from one file.

    Inserting row by row would take DuckDB a hundred times longer.
    """
    types = column_types(
        (column, "bigint" if column == "line_number" else "varchar")
        for column in columns
    )
    table = f"{name}_read"
    with tempfile.NamedTemporaryFile("w", prefix="docs_index_", suffix=".json") as file:
        for row in rows:
            file.write(json.dumps(row))
            file.write("\n")
        file.flush()
        lines = f"read_ndjson({literal(file.name)}, columns = {types})"
        cursor.execute(f"create or replace temp table {table} as from {lines}")
    return cursor.table(table)
