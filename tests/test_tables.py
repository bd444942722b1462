"""CSV files are taken whole, value for value, or refused with a word on what is wrong.

`oracle.read_table` has a CSV reader of its own; here it is held against DuckDB's.
"""

import gzip
import os
import random
import socket
import string
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import oracle
import pytest
from mutations import MUTATIONS
from roots import Style, Table, encode_table

from docs_index.errors import DataRootError, StorageError, TableRefusedError
from docs_index.layout import open_layout
from docs_index.warehouse import csv_grammar as tables
from docs_index.warehouse import csv_table
from docs_index.warehouse.csv_columns import MAX_COLUMNS, Columns
from docs_index.warehouse.csv_grammar import MAX_LINE_BYTES, check_table
from docs_index.warehouse.csv_table import read_table
from docs_index.warehouse.sources import Sources

pytestmark = pytest.mark.soak
Rows = list[list[str]]
ODD_NAMES = [
    "it's", 'quo"te', "sp ace", "br[1]", "st*r", "wh?t", "{a,b}", "0=x", "a=1", "%20",
    "#", "\u00fcml\u00e4ut", "new\nline", "back\\slash", "~", "$HOME",
    "'); drop table x",
]  # fmt: skip


@pytest.fixture(scope="module")
def session() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def write(folder: Path, content: bytes) -> Path:
    path = folder / "results.csv"
    path.write_bytes(content)
    return path


def read(
    session: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[str] | None = None
) -> Rows:
    """Return the values in file order; row_index is checked on the way."""
    table = check_table(path)
    relation = read_table(session, table, columns or table.header)
    rows = relation.order("row_index").fetchall()
    assert [index for index, *_ in rows] == list(range(1, len(rows) + 1))
    return [[value or "" for value in values] for _, *values in rows]


ACCEPTED = {
    "plain": (b"a,b\n1,2\n3,4\n", [["1", "2"], ["3", "4"]]),
    "byte-order mark": (b"\xef\xbb\xbfa,b\n1,2\n", [["1", "2"]]),
    "byte-order mark before a quote": (b'\xef\xbb\xbf"a",b\n1,2\n', [["1", "2"]]),
    "CRLF": (b"a,b\r\n1,2\r\n", [["1", "2"]]),
    "no line end at the end": (b"a,b\n1,2", [["1", "2"]]),
    "header alone": (b"a,b\n", []),
    "header alone, no line end": (b"a,b", []),
    "quoted LF": (b'a,b\n"1\n2",3\n', [["1\n2", "3"]]),
    "quoted CRLF": (b'a,b\n"1\r\n2",3\n', [["1\r\n2", "3"]]),
    "quoted CR": (b'a,b\n"1\r2",3\n', [["1\r2", "3"]]),
    "quoted LF in a CRLF file": (b'a,b\r\n"1\n2",3\r\n', [["1\n2", "3"]]),
    "quoted blank line": (b'a,b\n"1\n\n2",3\n', [["1\n\n2", "3"]]),
    "quoted line that looks like a row": (b'a,b\n"1\n2,3",4\n', [["1\n2,3", "4"]]),
    "quoted comma": (b'a,b\n"1,2",3\n', [["1,2", "3"]]),
    "doubled quotes": (b'a,b\n"say ""hi""",2\n', [['say "hi"', "2"]]),
    "only doubled quotes": (b'a,b\n"""",""""""\n', [['"', '""']]),
    "quoted header": (b'"a\nb","c,d"\n1,2\n', [["1", "2"]]),
    "quoted empty value": (b'a,b\n"",2\n', [["", "2"]]),
    "truncated inside the last value": (
        b"a,b\n1,2\n3,resp",
        [["1", "2"], ["3", "resp"]],
    ),
    "row that starts with #": (b"a,b\n#1,2\n#,#\n", [["#1", "2"], ["#", "#"]]),
    "blank lines": (b"\n\na,b\n\n1,2\n\n\n3,4\n\n", [["1", "2"], ["3", "4"]]),
    "blank CRLF lines": (b"\r\na,b\r\n\r\n1,2\r\n\r\n", [["1", "2"]]),
    "only empty values": (b"a,b,c\n,,\n", [["", "", ""]]),
    "blanks are kept": (b"a,b\n 1 ,\t2\n", [[" 1 ", "\t2"]]),
    "backslashes": (b'a,b\n\\,"\\n"\n\\N,c:\\x\n', [["\\", "\\n"], ["\\N", "c:\\x"]]),
    "nothing is a number": (
        b"a,b\n007,1e5\nTRUE,NA\nNULL,nan\n",
        [["007", "1e5"], ["TRUE", "NA"], ["NULL", "nan"]],
    ),
    "one column": (b"a\n1\n2\n", [["1"], ["2"]]),
    "one column, blank lines and an empty value": (
        b'a\n\n1\n\n""\n\n2\n',
        [["1"], [""], ["2"]],
    ),
    "one column, a line of blanks": (b"a\n \n", [[" "]]),
    "one column, CRLF": (b'a\r\n""\r\n\r\n1\r\n', [[""], ["1"]]),
    "semicolons and tabs in values": (b"a,b\n1;2,3\t4\n", [["1;2", "3\t4"]]),
    "byte-order mark inside a value": (
        "a,b\nx\ufeff,\ufeff2\n".encode(),
        [["x\ufeff", "\ufeff2"]],
    ),
    "spreadsheet formula": (
        b"a,b\n=cmd|' /C calc'!A0,2\n",
        [["=cmd|' /C calc'!A0", "2"]],
    ),
    "Jinja": (
        b"a,b\n{{ env_var('X') }},{% do %}\n",
        [["{{ env_var('X') }}", "{% do %}"]],
    ),
    "SQL": (
        b"a,b\n'); DROP TABLE documents;--,2\n",
        [["'); DROP TABLE documents;--", "2"]],
    ),
    "terminal escape": (b"a,b\n\x1b[31m,2\n", [["\x1b[31m", "2"]]),
    "odd line separators": (
        "a,b\n\u2028\x85,\x0b\x0c\x1c\n".encode(),
        [["\u2028\x85", "\x0b\x0c\x1c"]],
    ),
    "beyond the basic plane": (
        "a,b\n\U0001f600,e\u0301\n".encode(),
        [["\U0001f600", "e\u0301"]],
    ),
}


@pytest.mark.parametrize(("content", "rows"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_well_formed_file_is_read_value_for_value(
    session: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes, rows: Rows
) -> None:
    assert read(session, write(tmp_path, content)) == rows


@pytest.mark.parametrize(("content", "rows"), ACCEPTED.values(), ids=ACCEPTED)
def test_the_oracle_reads_the_same(tmp_path: Path, content: bytes, rows: Rows) -> None:
    found = oracle.read_table(write(tmp_path, content))
    assert found is not None
    assert [list(row.values()) for row in found[1]] == rows


REFUSED = {
    "CR alone as line end": (b"a,b\r1,2\r", "line 1: holds a CR outside quotes"),
    "CR alone after the header": (b"a,b\r", "line 1: holds a CR outside quotes"),
    "LF row in a CRLF file": (b"a,b\r\n1,2\n", "line 2: has another line end"),
    "CRLF row in an LF file": (b"a,b\n1,2\r\n", "line 2: has another line end"),
    "blank CRLF line in an LF file": (b"a,b\n\r\n1,2\n", "line 2: has another line"),
    "CR in a value": (b"a,b\n1,2\r3\n", "line 2: holds a CR outside quotes"),
    "CR at the end": (b"a,b\n1,2\r", "line 2: holds a CR outside quotes"),
    "quotes escaped by backslashes": (
        b'a,b\n"say \\"hi\\"",2\n',
        "line 2: goes on after",
    ),
    "text after a closing quote": (b'a,b\n"1"x,2\n', "line 2: goes on after a closing"),
    "blank after a closing quote": (
        b'a,b\n"1" ,2\n',
        "line 2: goes on after a closing",
    ),
    "quote inside a value": (b'a,b\n1"2,3\n', "line 2: holds a quote inside"),
    "blank before an opening quote": (b'a,b\n "1",2\n', "line 2: holds a quote inside"),
    "quote never closed": (b'a,b\n"1,2\n3,4\n', "line 2: a quote is opened and never"),
    "quote never closed at the end": (b'a,b\n1,2\n3,"4', "line 3: a quote is opened"),
    "too few fields": (
        b"a,b\n1,2\n3\n",
        "line 3: has 1 field(s) where the header has 2",
    ),
    "too many fields": (
        b"a,b\n1,2,3\n",
        "line 2: has 3 field(s) where the header has 2",
    ),
    "an empty field too many": (b"a,b\n1,2,\n", "line 2: has 3 field(s) where"),
    "a line of blanks": (b"a,b\n  \n1,2\n", "line 2: has 1 field(s) where"),
    "comma in a one-column file": (b"a\n1,2\n", "line 2: has 2 field(s) where"),
    "title before the header": (
        b"My results\na,b\n1,2\n",
        "line 2: has 2 field(s) where",
    ),
    "fault after a quoted line break": (
        b'a,b\n"1\n2",3\n4\n',
        "line 4: has 1 field(s)",
    ),
    "empty file": (b"", "there is no header line"),
    "byte-order mark alone": (b"\xef\xbb\xbf", "there is no header line"),
    "blank lines alone": (b"\n\n\n", "there is no header line"),
    "two columns of one name": (b"a,b,a\n1,2,3\n", "columns 'a' and 'a' have the same"),
    "two columns of one name but for case": (
        b"Name,name\n1,2\n",
        "columns 'Name' and 'name' have the same name",
    ),
    "two columns of one name in other cases": (
        b"name,NAME\n1,2\n",
        "columns 'name' and 'NAME' have the same name",
    ),
    "one name in other cases, not ASCII": (
        "\u00dc,\u00fc\n1,2\n".encode(),
        "have the same",
    ),
    "two columns without a name": (b",a,\n0,1,2\n", "columns '' and '' have the same"),
    "UTF-16": (
        "a,b\n1,2\n".encode("utf-16"),
        "line 1: is not UTF-8 (byte 1 of the row)",
    ),
    "UTF-16 without a mark": ("a,b\n".encode("utf-16-le"), "holds a NUL byte"),
    "Latin-1 in one row": (b"a,b\n1,2\ncaf\xe9,4\n", "line 3: is not UTF-8 (byte 4 of"),
    "overlong UTF-8": (b"a,b\n\xc0\xaf,2\n", "line 2: is not UTF-8"),
    "half a surrogate pair": (b"a,b\n\xed\xa0\x80,2\n", "line 2: is not UTF-8"),
    "beyond Unicode": (b"a,b\n\xf4\x90\x80\x80,2\n", "line 2: is not UTF-8"),
    "UTF-8 cut off": (b"a,b\n1,\xe2\x82", "line 2: is not UTF-8"),
    "NUL byte": (b"a,b\n1,2\x003\n", "line 2: holds a NUL byte"),
    "NUL byte in quotes": (b'a,b\n1,"2\x00"\n', "line 2: holds a NUL byte"),
    "byte-order mark before a later row": (
        b"a,b\n1,2\n\xef\xbb\xbf3,4\n",
        "line 3: begins with a byte-order mark",
    ),
    "byte-order mark in the quotes of a later row": (
        b'a,b\n1,2\n"\xef\xbb\xbf3",4\n',
        "line 3: begins with a byte-order mark",
    ),
    "byte-order mark before a later header": (
        b"a,b\n1,2\n\xef\xbb\xbfa,b\n3,4\n",
        "line 3: begins with a byte-order mark",
    ),
    "byte-order mark before another header": (
        b"a,b\n1,2\n\xef\xbb\xbfb,a\n3,4\n",
        "line 3: begins with a byte-order mark, and is a header of other columns",
    ),
    "byte-order mark before the quotes of a later row": (
        b'a,b\n1,2\n\xef\xbb\xbf"3",4\n',
        "line 3: begins with a byte-order mark",
    ),
    "byte-order mark after an empty line": (
        b"\n\xef\xbb\xbfa,b\n1,2\n",
        "line 2: begins with a byte-order mark",
    ),
    "byte-order mark alone in the last line": (
        b"a\n1\n\xef\xbb\xbf",
        "line 3: begins with a byte-order mark",
    ),
    "gzip": (gzip.compress(b"a,b\n1,2\n", mtime=0), "line 1: is not UTF-8"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_a_malformed_file_is_refused_with_its_name_line_and_fault(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(TableRefusedError) as refusal:
        check_table(path)
    assert str(refusal.value).startswith(f"{path} is refused as a whole:")
    assert words in str(refusal.value)


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_the_oracle_refuses_the_same(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(oracle.Refused):
        oracle.read_table(write(tmp_path, content))


KNOWN = Columns(["a", "a_old", "target"], [["a", "a_old"]])
WRONG_HEADER = {
    "a title before the header": (
        b"Results\nx\n",
        "no column 'a' or 'a_old'; found 'Results'",
    ),
    "no header": (b"t1,c1\nt2,c2\n", "no column 'a' or 'a_old'; found 't1', 'c1'"),
    "another name that begins alike": (b"ab,b\n1,2\n", "no column 'a' or 'a_old'"),
    "a blank before the name": (b" a,b\n1,2\n", "column ' a' is not 'a', so"),
    "a tab after the name": (b"a\t,b\n1,2\n", "column 'a\\t' is not 'a', so"),
    "a line break in the name": (
        b'"a\n",b\n1,2\n',
        "column 'a\\n' is not 'a'",
    ),
    "a no-break space": ("a\u00a0,b\n1,2\n".encode(), "is not 'a', so"),
    "a second byte-order mark": (
        b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1,2\n",
        "line 1: begins with a byte-order mark",
    ),
    "a byte-order mark in the midst": (
        "b,\ufeffa\n1,2\n".encode(),
        "is not 'a', so",
    ),
    "another case": (b"A,b\n1,2\n", "column 'A' is not 'a', so"),
    "another case of what is not required": (
        b"a,Target\n1,2\n",
        "column 'Target' is not 'target', so its values would count as blank: rename",
    ),
    "another case of an alternative": (b"a,A_OLD\n1,2\n", "column 'A_OLD' is no"),
    "a name once more, with a blank": (
        b"a,a \n1,2\n",
        "column 'a ' is not 'a'",
    ),
    "another case, without rows": (b"A,b\n", "column 'A' is not 'a'"),
    "JSON": (b'{"a": 1}\n', "holds a quote inside an unquoted value"),
}


@pytest.mark.parametrize(("content", "words"), WRONG_HEADER.values(), ids=WRONG_HEADER)
def test_a_header_that_lacks_a_column_or_nearly_has_one_is_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(TableRefusedError) as refusal:
        check_table(write(tmp_path, content), KNOWN)
    assert str(refusal.value).startswith(f"{tmp_path}/results.csv is refused")
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2\n",
        b"a_old\n1\n",
        b"a,a_old,target\n1,2,3\n",
        b"a,a b,c a\n1,2,3\n",  # blanks within a name make another one
        b"b,c\n",  # no rows: nothing is read as blank
        b"b\n\n",
    ],
)
def test_a_header_with_one_of_each_group_is_taken(
    tmp_path: Path, content: bytes
) -> None:
    check_table(write(tmp_path, content), KNOWN)


def test_all_faults_of_a_header_are_listed_together(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(9)]
    columns = Columns(names, [[name] for name in names])
    path = write(tmp_path, b"N0,N1,n2 ,x\n1,2,3,4\n")
    with pytest.raises(TableRefusedError) as refusal:
        check_table(path, columns)
    lines = str(refusal.value).splitlines()[1:-1]
    assert [line.partition(":")[0].strip() for line in lines] == [
        *["line 1"] * 5,
        "... and 4 more",
    ]
    assert "there is no column 'n3'; found 'N0', 'N1', 'n2 ', 'x'" in lines[3]
    assert "there is no column 'n4'; found the same" in lines[4]


def test_the_first_five_faults_are_shown_together(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n" + b"1\n" * 100)
    with pytest.raises(TableRefusedError) as refusal:
        check_table(path)
    lines = str(refusal.value).splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:6]] == [
        f"line {number}" for number in range(2, 7)
    ]
    assert "more" in lines[6]
    assert "mend the file" in lines[-1]


def test_a_refusal_shows_no_control_characters_and_little_text(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n\x1b[31m" + b"x" * 10_000 + b"\n")
    with pytest.raises(TableRefusedError) as refusal:
        check_table(path)
    assert "\x1b" not in str(refusal.value)
    assert len(str(refusal.value)) < 600


def test_columns_are_found_by_name_in_any_order(
    session: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = write(tmp_path, b"b,extra,a\n2,x,1\n")
    assert read(session, path, ["a", "b"]) == [["1", "2"]]


def test_a_column_that_the_file_lacks_is_blank(
    session: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = write(tmp_path, b"a\n1\n2\n")
    assert read(session, path, ["a", "c"]) == [["1", ""], ["2", ""]]


@pytest.mark.parametrize(
    "content", [b",a\n0,1\n1,2\n", b"a,\n1,0\n2,1\n", b'"",a\n0,1\n1,2\n']
)
def test_a_column_without_a_name_is_ignored(
    session: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes
) -> None:
    assert read(session, write(tmp_path, content), ["a"]) == [["1"], ["2"]]


@pytest.mark.parametrize("name", [*ODD_NAMES, "select", "row_index", "0", "1", "table"])
def test_a_column_may_have_any_name(
    session: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    table = Table([name, "b"], [["1", "2"]], Style(quote_all=True))
    path = write(tmp_path, encode_table(table))
    assert read(session, path, ["b"]) == [["2"]]
    if name != "row_index":
        assert read(session, path, ["b", name]) == [["2", "1"]]


def test_a_table_may_have_many_columns(
    session: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    names = [f"c{number}" for number in range(500)]
    path = write(tmp_path, ",".join(names).encode() + b"\n" + b"," * 499 + b"\n")
    assert read(session, path) == [[""] * 500]


def test_a_table_of_endless_columns_is_refused(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(MAX_COLUMNS + 1)]
    path = write(tmp_path, ",".join(names).encode() + b"\n")
    with pytest.raises(TableRefusedError, match="has 10001 columns, more than 10000"):
        check_table(path)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_the_data_root_may_have_any_name(
    session: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    for folder in ("br1", "star", "what", "a", "b"):  # what patterns would find
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, b"a,b\nwrong,wrong\n")
    root = tmp_path / name
    root.mkdir(exist_ok=True)
    write(root, b"a,b\n1,2\n")
    meta = {"file": "results.csv", "columns": ["a", "b"]}
    found = Sources(open_layout(root)).load(session, meta).fetchall()
    assert found == [(1, "1", "2")]


def long_row(size: int) -> bytes:
    return b"1," + b"x" * (size - 2)


def long_quoted_row(size: int) -> bytes:
    lines = (b"x" * 999 + b"\n") * (size // 1000)
    return b'1,"' + lines.ljust(size - 4, b"y")[: size - 4] + b'"'


@pytest.mark.parametrize(
    "row", [long_row(MAX_LINE_BYTES), long_quoted_row(MAX_LINE_BYTES)]
)
def test_a_row_may_have_16_mib(
    session: duckdb.DuckDBPyConnection, tmp_path: Path, row: bytes
) -> None:
    path = write(tmp_path, b"a,b\r\n" + row + b"\r\n3,4\r\n")
    first, second = read(session, path)
    assert first[1] == row[2:].decode().strip('"')
    assert second == ["3", "4"]


@pytest.mark.parametrize(
    "row", [long_row(MAX_LINE_BYTES + 1), long_quoted_row(MAX_LINE_BYTES + 1)]
)
def test_a_longer_row_is_refused_in_few_words(tmp_path: Path, row: bytes) -> None:
    path = write(tmp_path, b"a,b\n" + row + b"\n3,4\n")
    with pytest.raises(
        TableRefusedError, match="line 2: longer than 16777216 bytes"
    ) as refusal:
        check_table(path)
    assert len(str(refusal.value)) < 2000


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableRefusedError, match="is a directory"):
        check_table(tmp_path)


def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(TableRefusedError, match=r"pipe\.csv is not a regular file"):
        check_table(tmp_path / "pipe.csv")


def test_a_device_is_refused() -> None:
    with pytest.raises(TableRefusedError, match="/dev/zero is not a regular file"):
        check_table(Path("/dev/zero"))


def test_a_file_that_cannot_be_read_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        with pytest.raises(StorageError, match="cannot be read"):
            check_table(tmp_path / "s")


CHANGES: dict[str, Callable[[Path], object]] = {
    "rows added": lambda path: path.write_bytes(b"a,b\n1,2\n3,4\n"),
    "other values of the same length": lambda path: path.write_bytes(b"a,b\n8,9\n"),
    "replaced by another file": lambda path: path.with_name("new").rename(path),
    "made malformed": lambda path: path.write_bytes(b'a,b\n"1,2\n'),
    "made something else": lambda path: path.write_bytes(b"\x00\xff"),
    "removed": lambda path: path.unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_changed_after_the_check_is_refused(
    session: duckdb.DuckDBPyConnection, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    path = write(tmp_path, b"a,b\n1,2\n")
    os.utime(path, ns=(0, 0))
    path.with_name("new").write_bytes(b"a,b\n1,2\n")
    table = check_table(path)
    change(path)
    with pytest.raises(
        TableRefusedError, match=r"results\.csv (changed|cannot be read)"
    ):
        read_table(session, table, table.header)


def test_a_file_that_changes_while_it_is_read_is_refused(
    session: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, b"a,b\n1,2\n")
    table = check_table(path)
    really_read = csv_table._read

    def read_then_change(*arguments: Any) -> duckdb.DuckDBPyRelation:
        relation = really_read(*arguments)
        path.write_bytes(b"a,b\n1,2\n3,4\n")
        return relation

    monkeypatch.setattr(csv_table, "_read", read_then_change)
    with pytest.raises(TableRefusedError, match="changed while it was read"):
        read_table(session, table, table.header)


def test_a_file_of_which_rows_are_lost_is_refused(
    session: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    table = check_table(write(tmp_path, b"a,b\n1,2\n"))
    lossy = replace(table, data_rows=table.data_rows + 1)
    with pytest.raises(TableRefusedError, match="changed while it was read"):
        read_table(session, lossy, table.header)


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("keeps_order", [True, False])
def test_rows_are_numbered_in_file_order(
    tmp_path: Path, threads: int, keeps_order: bool
) -> None:
    rows = 120_000
    lines = (
        b'%d,"line\nbreak %d"\n' % (number, number) for number in range(1, rows + 1)
    )
    path = write(tmp_path, b"a,b\n" + b"".join(lines))
    with duckdb.connect(config={"threads": threads}) as session:
        session.execute(f"set preserve_insertion_order = {keeps_order}")
        relation = read_table(session, check_table(path), ["a"])
        wrong = relation.filter("row_index != a::bigint").count("*").fetchone()
        assert relation.count("*").fetchone() == (rows,)
    assert wrong == (0,)


# Sources ---------------------------------------------------------------------------

META = {"file": "x/a.csv", "columns": ["a", "b"], "any_of": ["x/a.csv", "x/b.csv"]}


def test_a_missing_table_is_an_empty_one_and_reported(
    session: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/b.csv").write_text("a,b\n")
    sources = Sources(open_layout(tmp_path))
    relation = sources.load(session, META)
    assert relation.columns == ["row_index", "a", "b"]
    assert relation.fetchall() == []
    found = sources.input_files(session).fetchall()
    assert found == [(str(tmp_path), "x/a.csv", False, None, None, None)]


def test_a_table_that_was_read_is_reported(
    session: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/a.csv").write_text("a,b\n1,2\n")
    sources = Sources(open_layout(tmp_path))
    sources.load(session, META)
    [(_, path, is_present, data_rows, size, digest)] = sources.input_files(
        session
    ).fetchall()
    assert (path, is_present, data_rows, size) == ("x/a.csv", True, 1, 8)
    assert len(digest) == 64


def test_a_root_without_any_table_is_refused_by_name(
    session: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(DataRootError) as refusal:
        Sources(open_layout(tmp_path)).load(session, META)
    assert str(tmp_path) in str(refusal.value)
    assert "x/a.csv, x/b.csv" in str(refusal.value)


def test_a_dangling_link_is_no_missing_table(
    session: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/a.csv").symlink_to("nowhere.csv")
    with pytest.raises(StorageError, match="No such file"):
        Sources(open_layout(tmp_path)).load(session, META)


def test_a_table_that_may_not_be_looked_for_is_no_missing_one(
    session: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its parsers, for example, a build would make wrong documents."""

    look = os.lstat

    def refuse(path: str, **options: Any) -> os.stat_result:
        if str(path).endswith("a.csv"):
            raise PermissionError(13, "Permission denied", path)
        return look(path, **options)

    sources = Sources(open_layout(tmp_path))
    monkeypatch.setattr(os, "lstat", refuse)
    with pytest.raises(PermissionError, match=r"a\.csv"):
        sources.load(session, META | {"any_of": []})


# Fuzz ------------------------------------------------------------------------------

FUZZED = 3000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 60
CELLS = [
    "", "", "1", "abc", " ", "a b", "a,b", 'say "hi"', "two\nlines", "two\r\nlines",
    "\r", '"', "#x", "\\", "'", "\u00e9", "\U0001f600", ",", "\n", "NULL", "1e5", "\t",
    ";",
]  # fmt: skip


def random_file(rng: random.Random) -> bytes:
    """Return a well-formed file."""
    width = rng.choice([1, 1, 2, 3, 3, 4])
    table = Table(
        header=rng.sample([*string.ascii_lowercase[:8], *ODD_NAMES[:7]], width),
        rows=[rng.choices(CELLS, k=width) for _ in range(rng.randrange(8))],
        style=Style(
            newline=rng.choice(["\n", "\n", "\r\n"]),
            bom=rng.random() < 0.2,
            quote_all=rng.random() < 0.3,
            blank_lines=rng.random() < 0.3,
            final_newline=rng.random() < 0.8,
        ),
    )
    return encode_table(table)


def check_fuzzed(
    session: duckdb.DuckDBPyConnection, folder: Path, content: bytes
) -> bool:
    """Hold one file against the oracle; say whether it was accepted."""
    path = write(folder, content)
    try:
        wanted = oracle.read_table(path)
    except oracle.Refused:
        with pytest.raises(TableRefusedError):
            check_table(path)
        return False
    assert wanted is not None
    header, rows = wanted
    assert list(check_table(path).header) == header
    asked = [name for name in header if name] + ["no such column"]
    assert read(session, path, asked) == [
        [row.get(name, "") for name in asked] for row in rows
    ]
    return True


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutated_files_are_read_as_the_oracle_reads_them(
    session: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    others = list(MUTATIONS.values())
    accepted = 0
    for seed in range(FUZZED):
        rng = random.Random(f"{name} {seed}")
        content = MUTATIONS[name](rng, random_file(rng))
        for mutate in rng.sample(others, rng.choice([0, 0, 1, 2])):
            content = mutate(rng, content)
        accepted += check_fuzzed(session, tmp_path, content)
    assert 0 < accepted < FUZZED


def test_files_that_are_not_mutated_are_accepted(
    session: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for seed in range(FUZZED):
        assert check_fuzzed(session, tmp_path, random_file(random.Random(seed)))


@pytest.mark.parametrize("block", [8, 9, 16, 2**20])
def test_lines_checked_together_are_what_each_of_them_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(tables, "_BLOCK_BYTES", block)
    accepted = 0
    for seed in range(20 * FUZZED):
        rng = random.Random(seed)
        line = b",".join(rng.choice([b"a", b"", b"\xc3\xa9"]) for _ in range(2))
        content = (line + b"\n") * rng.randrange(5)
        for _ in range(rng.choice([0, 0, 1, 2])):
            at = rng.randrange(len(content) + 1)
            odd = rng.choice(
                [b"\n", b",", b'"', b"\r", b"\0", b"\xc3", b"\xef\xbb\xbf"]
            )
            content = content[:at] + odd + content[at + rng.randrange(2) :]
        with write(tmp_path, content).open("rb") as file:
            together = tables._plain_contents(file)
            assert together in (None, tables._contents(file))
        accepted += together is not None
    assert 0 < accepted < 20 * FUZZED
