"""A refused table is named for what it is, and the command that is shown mends it.

The commands run in a shell, as a user pastes them. What they leave is held against the
table that was spoiled, value for value.
"""

import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path

import oracle
import pytest
from roots import Style, Table, encode_table

from docs_index.errors import TableRefusedError
from docs_index.warehouse.csv_columns import Columns
from docs_index.warehouse.csv_grammar import check_table

COLUMNS = Columns(["task", "combo", "text"], [["task"], ["combo"], ["text"]])
HEADER = ["task", "combo", "text"]
ROWS = [
    ["t1", "c;1", "plain"],
    ["t2", "c,2", 'says "hi"'],
    ["t3", "c\t3", "é, ü and \u2018quotes\u2019"],
    ["t4", "", ""],
]
BREAKS = ["t5", "c5", "a line\nbreak, and\r\nanother\rone"]
ENGLISH = [["t1", "c1", "plain"], ["t2", "c2", "other"], ["t3", "c3", "more"]]
BOM = b"\xef\xbb\xbf"


def encoded(rows: list[list[str]], **style: object) -> bytes:
    return encode_table(Table(HEADER, rows, Style(**style)))  # type: ignore[arg-type]


def separated(separator: str) -> Callable[[], bytes]:
    def content() -> bytes:
        lines = [HEADER, *ROWS, BREAKS]
        quoted = (
            separator.join(f'"{value.replace(chr(34), chr(34) * 2)}"' for value in row)
            for row in lines
        )
        return "\r\n".join(quoted).encode() + b"\r\n"

    return content


def joined(second_header: bool, newline: str = "\n", quote_all: bool = False) -> bytes:
    first = encoded([ROWS[0], BREAKS], bom=True, newline=newline, quote_all=quote_all)
    second = encoded(ROWS[1:], bom=True, newline=newline, quote_all=quote_all)
    if not second_header:
        second = BOM + second.split(b"\n", 1)[1]
    return first + second


def appended_with_crlf() -> bytes:
    first, second = encoded([*ROWS, BREAKS]), encoded(ENGLISH, newline="\r\n")
    return first + second.split(b"\n", 1)[1]


def in_two_encodings() -> bytes:
    text = encoded(ROWS)
    more = "t6,c6,déjà vu \u2013 \u201cà la carte\u201d\n".encode("cp1252")
    return text + more


ALL = [*ROWS, BREAKS]
JOINED = [ROWS[0], BREAKS, *ROWS[1:]]
MORE = ["t6", "c6", "déjà vu \u2013 \u201cà la carte\u201d"]
SPOILED: dict[str, tuple[Callable[[], bytes], str, list[list[str]]]] = {
    "UTF-16 with a mark": (
        lambda: encoded(ALL).decode().encode("utf-16"),
        "it is UTF-16LE, not UTF-8",
        ALL,
    ),
    "UTF-16 of the other order with a mark": (
        lambda: b"\xfe\xff" + encoded(ALL).decode().encode("utf-16-be"),
        "it is UTF-16BE, not UTF-8",
        ALL,
    ),
    "UTF-16 without a mark": (
        lambda: encoded(ALL).decode().encode("utf-16-le"),
        "it is UTF-16LE, not UTF-8",
        ALL,
    ),
    "UTF-16 of the other order without a mark": (
        lambda: encoded(ALL).decode().encode("utf-16-be"),
        "it is UTF-16BE, not UTF-8",
        ALL,
    ),
    "semicolons": (separated(";"), "separated by semicolons, not by commas", ALL),
    "tabs": (separated("\t"), "separated by tabs, not by commas", ALL),
    "semicolons without quotes, with a mark": (
        lambda: BOM + b"task;combo;text\nt1;a,b;\nt2;c;8,5\n",
        "separated by semicolons, not by commas",
        [["t1", "a,b", ""], ["t2", "c", "8,5"]],
    ),
    "tabs without quotes": (
        lambda: b"task\tcombo\ttext\nt1\tx\ty\n",
        "separated by tabs, not by commas",
        [["t1", "x", "y"]],
    ),
    "CRLF appended to LF": (
        appended_with_crlf,
        "it has mixed line ends, LF and CRLF",
        [*ALL, *ENGLISH],
    ),
    "LF appended to CRLF": (
        lambda: encoded(ALL, newline="\r\n") + b"t6,c6,x\n",
        "it has mixed line ends, LF and CRLF",
        [*ALL, ["t6", "c6", "x"]],
    ),
    "CR CR LF": (
        lambda: encoded(ALL, newline="\r\r\n"),
        "it has mixed line ends, LF and CRLF",
        ALL,
    ),
    "CR alone": (
        lambda: encoded(ENGLISH, newline="\r"),
        "it has lines that end with CR alone, as on an old Mac",
        ENGLISH,
    ),
    "Windows-1252": (
        lambda: encoded(ALL).decode().encode("cp1252"),
        "it seems to be Latin-1 or Windows-1252, not UTF-8",
        ALL,
    ),
    "Latin-1": (
        lambda: "task,combo,text\nt,c,naïve\n".encode("latin-1"),
        "it seems to be Latin-1 or Windows-1252, not UTF-8",
        [["t", "c", "naïve"]],
    ),
    "Windows-1252 appended to UTF-8": (
        in_two_encodings,
        "it seems to have lines in UTF-8, and others in Latin-1 or Windows-1252",
        [*ROWS, MORE],
    ),
    "gzip": (
        lambda: gzip.compress(encoded(ALL), mtime=0),
        "it is compressed with gzip",
        ALL,
    ),
    "files joined, with headers": (
        lambda: joined(second_header=True),
        "it has a byte-order mark in the middle, as when cat joined files",
        JOINED,
    ),
    "files joined, without a second header": (
        lambda: joined(second_header=False),
        "it has a byte-order mark in the middle, as when cat joined files",
        JOINED,
    ),
    "files of CRLF joined, all quoted": (
        lambda: joined(second_header=True, newline="\r\n", quote_all=True),
        "it has a byte-order mark in the middle, as when cat joined files",
        JOINED,
    ),
    "a mark inside the quotes of a first value": (
        lambda: encoded([*ROWS, ["\ufefft6", "c6", "x\n\ufeffy"]], quote_all=True),
        "it has a byte-order mark in the middle, as when cat joined files",
        [*ROWS, ["t6", "c6", "x\n\ufeffy"]],
    ),
    "a file with a mark and nothing else appended": (
        lambda: encoded(ALL) + BOM,
        "it has a byte-order mark in the middle, as when cat joined files",
        ALL,
    ),
    "two marks at the beginning": (
        lambda: BOM + encoded(ALL, bom=True),
        "it has a byte-order mark in the middle, as when cat joined files",
        ALL,
    ),
}


def refusal_of(path: Path) -> str:
    with pytest.raises(TableRefusedError) as refusal:
        check_table(path, COLUMNS)
    return str(refusal.value)


def pasted(command: str, folder: Path) -> None:
    """Run a command as a user pastes it, in any folder."""
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("content", "words", "rows"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_table_is_named_and_mended_by_one_command(
    tmp_path: Path,
    content: Callable[[], bytes],
    words: str,
    rows: list[list[str]],
) -> None:
    path = tmp_path / "it's a $HOME [1]; --" / "results.csv"
    path.parent.mkdir()
    path.write_bytes(content())
    first, *shown, advice, command = refusal_of(path).splitlines()
    assert first.startswith(f"{path} is refused as a whole: it")
    assert first.endswith(words)
    assert shown
    assert all(line.startswith(("  line ", "  ... and ")) for line in shown)
    assert advice.startswith("this command mends it; then run again")
    pasted(command, tmp_path)
    assert [entry.name for entry in path.parent.iterdir()] == ["results.csv"]
    check_table(path, COLUMNS)
    found = oracle.read_table(path)
    assert found is not None
    assert [[row[name] for name in HEADER] for row in found[1]] == rows


def test_two_faults_have_two_commands_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_bytes(encoded(ROWS) + encoded(ENGLISH, bom=True, newline="\r\n"))
    *_, advice, first, second = refusal_of(path).splitlines()
    assert advice.startswith("these commands, one after the other, mend it")
    pasted(first, tmp_path)
    pasted(second, tmp_path)
    found = oracle.read_table(path)
    assert found is not None
    assert [list(row.values()) for row in found[1]] == [*ROWS, *ENGLISH]


def test_a_table_behind_a_link_is_mended_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    (tmp_path / "real.csv").write_bytes(encoded(ENGLISH, newline="\r"))
    path.symlink_to("real.csv")
    pasted(refusal_of(path).splitlines()[-1], tmp_path)
    assert path.is_symlink()
    check_table(path, COLUMNS)


WITHOUT_COMMAND = {
    "a workbook": (b"PK\x03\x04" + bytes(200), "export it as CSV"),
    "cut off in a character": (
        b"task,combo,text\nt,c,\xe2\x82",
        "line 2: is not UTF-8",
    ),
    "no encoding that is known": (b"task,combo,text\nt,c,\x81\n", "line 2: is not UTF"),
    "a surrogate": (b"task,combo,text\nt,c,\xed\xa0\x80\n", "line 2: is not UTF-8"),
    "a CR within a row": (b"task,combo,text\nt,c,x\ry\n", "line 2: holds a CR outside"),
    "a header of other columns": (
        b"task,combo,text\nt,c,x\n" + BOM + b"combo,task,text\nc,t,x\n",
        "line 3: begins with a byte-order mark, and is a header of other columns",
    ),
}


@pytest.mark.parametrize(
    ("content", "words"), WITHOUT_COMMAND.values(), ids=WITHOUT_COMMAND
)
def test_where_no_command_is_sure_to_be_right_there_is_none(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "results.csv"
    path.write_bytes(content)
    said = refusal_of(path)
    assert words in said
    assert said.endswith(
        "mend the file or export it again, then run again; nothing was written"
    )


def test_a_command_that_fails_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    content = gzip.compress(encoded(ROWS), mtime=0)[:-9]
    path.write_bytes(content)
    command = refusal_of(path).splitlines()[-1]
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    assert done.returncode != 0
    assert path.read_bytes() == content
