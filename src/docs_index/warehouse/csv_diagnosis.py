"""Name what a refused CSV file is, with one command that mends it.

Looks at the file's first bytes, at the kinds of its faults, and for its encoding at all
of it. A command writes a new file and then replaces the old one; it needs a POSIX
shell with iconv, gzip and python3, runs on Linux and macOS, and changes no value: what
is in quotes stays as it is. Runs no command and writes nothing.
"""

import codecs
import re
import shlex
from collections.abc import Collection
from enum import Enum, auto
from pathlib import Path
from typing import NamedTuple

from docs_index.paths import real_path
from docs_index.warehouse.csv_columns import Columns

BOM = codecs.BOM_UTF8
_HEAD_BYTES = 2**16
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_WIDE = {  # the longer marks first: one begins with another
    codecs.BOM_UTF32_LE: "UTF-32LE",
    codecs.BOM_UTF32_BE: "UTF-32BE",
    codecs.BOM_UTF16_LE: "UTF-16LE",
    codecs.BOM_UTF16_BE: "UTF-16BE",
}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# Overlong forms, surrogates, and what is beyond Unicode: no letters of Windows-1252.
_NEARLY_UTF8 = re.compile(
    rb"[\xc0\xc1][\x80-\xbf]|\xed[\xa0-\xbf][\x80-\xbf]|[\xf4-\xf7][\x80-\xbf]{3}"
)
_NOT_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_LINE_ENDS = (
    r'import re, sys; sys.stdout.buffer.write(re.sub(rb"(\"[^\"]*\")|\r*\n|\r", '
    r'lambda m: m[1] or b"\n", sys.stdin.buffer.read()))'
)
_WITHOUT_MARKS = (
    r'import re, sys; b = b"\xef\xbb\xbf"; '
    r't = re.sub(b"\\A(?:" + b + b")+", b"", sys.stdin.buffer.read()); '
    r'h = re.escape(t.partition(b"\n")[0].rstrip(b"\r")); '
    r'sys.stdout.buffer.write(re.sub(rb"(\"[^\"]*\")|\n" + b + b"(?:" + h + '
    r'rb"(?:\r?\n|\Z))?|(\n\")" + b + rb"([^\"]*\")", '
    r'lambda m: m[1] or (m[2] + m[3] if m[2] else b"\n"), t))'
)
_ENCODED_BY_PIECES = (
    r'import codecs, sys; codecs.register_error("w", lambda e: '
    r'(e.object[e.start:e.end].decode("cp1252"), e.end)); '
    r'sys.stdout.buffer.write(sys.stdin.buffer.read().decode("utf-8", "w").encode())'
)
_SEPARATED = (
    r"import csv, sys; csv.field_size_limit(2**30); "
    r'f = open(sys.argv[1], encoding="utf-8-sig", newline=""); '
    r'w = open(sys.argv[2], "w", encoding="utf-8", newline=""); '
    r'csv.writer(w, lineterminator="\n").writerows('
    r'csv.reader(f, delimiter="{separator}", strict=True))'
)


class Kind(Enum):
    """What is wrong with a record, as far as it tells what the file is."""

    ENCODING = auto()
    NUL = auto()
    MARK = auto()
    LINE_END = auto()
    OTHER = auto()


class Diagnosis(NamedTuple):
    """What a file is, in words, and the command that mends it, if one does.

    With `explains_all`, other faults of the file only follow from it.
    """

    words: str
    command: str | None
    explains_all: bool = True


def diagnosed(path: Path, kinds: Collection[Kind], columns: Columns) -> list[Diagnosis]:
    """Return what a refused file is; nothing if its faults are all that is known."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    found = _other_format(path, head) or _other_separator(path, head, columns)
    if found:
        return [found]
    if Kind.ENCODING in kinds and (found := _other_encoding(path)):
        return [found]
    if b"\r" in head and b"\n" not in head:
        words = "it has lines that end with CR alone, as on an old Mac"
        return [Diagnosis(words, _python(path, _LINE_ENDS))]
    several = []
    if Kind.LINE_END in kinds:
        words = "it has mixed line ends, LF and CRLF"
        command = _python(path, _LINE_ENDS)
        several.append(Diagnosis(words, command, explains_all=False))
    if Kind.MARK in kinds:
        words = "it has a byte-order mark in the middle, as when cat joined files"
        command = _python(path, _WITHOUT_MARKS)
        several.append(Diagnosis(words, command, explains_all=False))
    return several


def _other_format(path: Path, head: bytes) -> Diagnosis | None:
    if head.startswith(_GZIP):
        return Diagnosis("it is compressed with gzip", _filter(path, "gzip -dc"))
    if head.startswith(_ZIP):
        return Diagnosis("it is a workbook or a zip archive: export it as CSV", None)
    for mark, encoding in _WIDE.items():
        if head.startswith(mark):
            return _converted(path, encoding)
    even, odd = head[0:64:2], head[1:64:2]
    if odd and not any(odd) and all(even):
        return _converted(path, "UTF-16LE")
    if odd and not any(even) and all(odd):
        return _converted(path, "UTF-16BE")
    return None


def _converted(path: Path, encoding: str) -> Diagnosis:
    command = _filter(path, f"iconv -f {encoding} -t UTF-8")
    return Diagnosis(f"it is {encoding}, not UTF-8", command)


def _other_separator(path: Path, head: bytes, columns: Columns) -> Diagnosis | None:
    """Tell whether another separator than the comma gives more known columns."""
    lines = head.removeprefix(BOM).decode(errors="replace").split("\n")
    first = next((line.rstrip("\r") for line in lines if line.strip("\r")), "")

    def score(separator: str) -> int:
        names = first.replace('"', "").split(separator)
        return columns.named_in(names) if len(names) > 1 else 0

    best = max(_SEPARATORS, key=score)
    if score(best) <= score(","):
        return None
    code = _SEPARATED.format(separator=best.replace("\t", "\\t"))
    words = f"it has values separated by {_SEPARATORS[best]}, not by commas"
    return Diagnosis(words, _python(path, code, is_filter=False))


def _other_encoding(path: Path) -> Diagnosis | None:
    """Tell Windows-1252, also of some lines only, from UTF-8 that is cut off."""
    is_utf8_too = is_other = False
    with path.open("rb") as file:
        for line in file:
            try:
                line.decode()
                is_utf8_too |= not line.isascii()
            except UnicodeDecodeError as error:
                if not line.endswith(b"\n") and error.end == len(line):
                    return None  # perhaps a character was cut off with the file
                if _NEARLY_UTF8.search(line) or _NOT_1252.search(line):
                    return None
                is_other = True
    if not is_other:
        return None
    if is_utf8_too:
        words = "it seems to have lines in UTF-8, and others in Latin-1 or Windows-1252"
        return Diagnosis(words, _python(path, _ENCODED_BY_PIECES), explains_all=False)
    words = "it seems to be Latin-1 or Windows-1252, not UTF-8"
    command = _filter(path, "iconv -f WINDOWS-1252 -t UTF-8")
    return Diagnosis(words, command, explains_all=False)


def _python(path: Path, code: str, *, is_filter: bool = True) -> str:
    command = f"python3 -c '{code}'"
    if is_filter:
        return _filter(path, command)
    old, new = _names(path)
    return f"{command} {old} {new} && mv {new} {old}"


def _filter(path: Path, command: str) -> str:
    old, new = _names(path)
    return f"{command} < {old} > {new} && mv {new} {old}"


def _names(path: Path) -> tuple[str, str]:
    """Return the file, with links followed, and a new one next to it, for a shell."""
    real = real_path(path)
    return shlex.quote(real), shlex.quote(f"{real}.new")
