"""Let DuckDB read a checked CSV file, with every option given: it guesses nothing."""

from collections.abc import Mapping, Sequence

import duckdb

from docs_index.disk.faults import Fault
from docs_index.errors import StorageError, TableRefusedError
from docs_index.quoting import column_types, glob_escaped, identifier
from docs_index.resources import sql
from docs_index.warehouse.csv_grammar import MAX_LINE_BYTES, Table
from docs_index.warehouse.faults import fault_of, first_line, names_system_error


def read_table(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Sequence[str],
    *,
    numbered: str = "row_index",
) -> duckdb.DuckDBPyRelation:
    """Return the row's number (1-based, in file order) and `columns`, as text or null.

    A column that the file lacks is null in every row. Other columns of the file are
    left out. The relation is a temporary table of `cursor`.

    Raises:
        TableRefusedError: the file has changed since it was checked.
        StorageError: reading it failed.
    """
    try:
        relation = _read(cursor, table, columns, numbered)
        counted = relation.count("*").fetchone()
        unchanged = table.is_unchanged()
    except OSError as error:
        message = f"{table.path} cannot be read: {error.strerror}"
        raise StorageError(message) from error
    except duckdb.Error as error:
        if fault_of(error) is Fault.FULL or names_system_error(error):
            raise StorageError(first_line(error)) from error
        reason = first_line(error)[:300]
        raise TableRefusedError(f"{table.path} cannot be read: {reason}") from error
    if not unchanged or counted != (table.data_rows,):
        raise TableRefusedError(
            f"{table.path} changed while it was read: run again when nothing writes to "
            "it"
        )
    return relation


def no_rows(
    cursor: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    *,
    numbered: str = "row_index",
) -> duckdb.DuckDBPyRelation:
    """Return what `read_table` returns, for a file that is missing: no row."""
    return cursor.sql(_nothing(columns, numbered))


def _nothing(columns: Sequence[str], numbered: str) -> str:
    blanks = [f"null::varchar as {identifier(name)}" for name in columns]
    chosen = ", ".join([f"0::bigint as {identifier(numbered)}", *blanks])
    return f"select {chosen} where false"


def read_folder(
    cursor: duckdb.DuckDBPyConnection,
    tables: Mapping[str, Table],
    columns: Sequence[str],
    *,
    numbered: str,
    placed: str,
) -> duckdb.DuckDBPyRelation:
    """Return the rows of several tables, as `read_table` does, one after the other.

    `tables` has their names. Rows are numbered through all of them; the column `placed`
    says which row of which file each is.

    Raises:
        TableRefusedError, StorageError: as `read_table`.
    """
    nothing = _nothing([*columns, placed], numbered)
    cursor.execute(f"create or replace temp table folder_read as {nothing}")
    number = identifier(numbered)
    before = 0
    for name, table in tables.items():
        read_table(cursor, table, columns, numbered=numbered)
        through = f"* replace ($before + {number} as {number})"
        place = f"'row ' || {number} || ' of ' || $name"
        cursor.execute(
            f"insert into folder_read select {through}, {place} from table_read",
            {"before": before, "name": name},
        )
        before += table.data_rows
    return cursor.table("folder_read")


def _read(
    cursor: duckdb.DuckDBPyConnection,
    table: Table,
    columns: Sequence[str],
    numbered: str,
) -> duckdb.DuckDBPyRelation:
    positions = {name: f'"{number}"' for number, name in enumerate(table.header)}
    chosen = ", ".join(
        f"cast({positions.get(name, 'null')} as varchar) as {identifier(name)}"
        for name in columns
    )
    types = column_types((str(number), "varchar") for number in range(len(positions)))
    # With one column, only quotes tell an empty value from an empty line.
    one_column = len(positions) == 1
    rows = f"csv_rows($path, {types}, $newline, {MAX_LINE_BYTES + 2}, {not one_column})"
    if one_column:
        rows = f'(from {rows} where "0" is not null)'
    number = identifier(numbered)
    query = f"select row_number() over () - 1 as {number}, {chosen} from {rows}"
    cursor.execute(sql("warehouse/csv_rows.sql"))
    cursor.execute(
        f"create or replace temp table table_read as {query} qualify {number} > 0",
        {
            "path": glob_escaped(table.path),
            "newline": table.newline.encode("unicode_escape").decode(),
        },
    )
    return cursor.table("table_read")
