"""Export documents for other programs: as CSV, as lines of JSON, or as Parquet."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from docs_index.disk.publish import replacing
from docs_index.errors import OutputExistsError
from docs_index.index.reader import Documents
from docs_index.index.row import NAMES, Document
from docs_index.paths import is_folder, is_there
from docs_index.quoting import column_types, literal

Row = Mapping[str, Any]
TEXTS = ("raw_text", "parsed_text", "prompt_text")
_TYPES = {
    "raw_bytes": "bigint",
    "raw_chars": "bigint",
    "parsed_chars": "bigint",
    "score": "double",
}


def rows(
    documents: Documents, found: Iterable[Document], *, with_texts: bool
) -> Iterator[Row]:
    """Yield every column of documents, with their texts if the user wants them."""
    for document in found:
        row = asdict(document)
        if with_texts:
            row["raw_text"] = documents.read_raw(document)
            row["parsed_text"] = documents.read_parsed(document)
            row["prompt_text"] = documents.read_prompt(document)
        yield row


def export(
    found: Iterable[Row], form: str, output: Path | None, *, with_texts: bool
) -> int:
    """Write rows as `csv`, `jsonl` or `parquet`; return their number.

    Without `output` they are written to stdout. A file is published when complete.
    """
    names = (*NAMES, *TEXTS) if with_texts else NAMES
    if output is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        return _write(sys.stdout, found, form, names)
    with replacing(output, keeps_mode=False) as unpublished:
        if form == "parquet":
            return _write_parquet(unpublished, found, names)
        with unpublished.open("w", encoding="utf-8", newline="") as file:
            return _write(file, found, form, names)


def refuse_to_overwrite(output: Path, *, replace: bool) -> None:
    """Check that a file may be written.

    Raises:
        OutputExistsError: the path exists, or its folder does not.
    """
    if is_there(output) and not replace:
        raise OutputExistsError(f"{output} exists: pass --replace, or name another")
    if is_folder(output) or not is_folder(output.parent):
        raise OutputExistsError(f"{output} cannot be a file: name another one")


def _write(file: TextIO, found: Iterable[Row], form: str, names: Iterable[str]) -> int:
    count = 0
    table = csv.DictWriter(file, list(names))  # CRLF: else a CR would not be quoted
    if form == "csv":
        table.writeheader()
    for row in found:
        if form == "csv":
            table.writerow(row)
        else:
            file.write(f"{json.dumps(row, ensure_ascii=False)}\n")
        count += 1
    return count


def _write_parquet(path: Path, found: Iterable[Row], names: Iterable[str]) -> int:
    """Write a Parquet file from lines of JSON, so that DuckDB never opens the index."""
    import duckdb

    types = ((name, _TYPES.get(name, "varchar")) for name in names)
    with TemporaryDirectory(prefix="docs_index_") as scratch, duckdb.connect() as db:
        lines = Path(scratch) / "documents.jsonl"
        with lines.open("w", encoding="utf-8", newline="") as file:
            count = _write(file, found, "jsonl", names)
        options = f"columns = {column_types(types)}, maximum_object_size = $longest"
        rows = f"read_ndjson($lines, {options})"
        db.execute(
            f"copy (from {rows}) to {literal(path)} (format parquet)",
            {"lines": str(lines), "longest": max(2**24, lines.stat().st_size)},
        )
    return count
