"""However a history is written down, what is known of it stays as it is."""

import csv
import io
import json
import random
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from building import (
    REPOSITORY,
    bad_list,
    documents,
    good,
    materialize,
    query,
)
from harness import Built, Models

from docs_index.index.ids import instant_text

Lines = list[list[str]]
Row = dict[str, Any]

TABLES = "7_cross_experiment/*_results.csv"
DRAFTS = "7_cross_experiment/draft_generation_results.csv"
NEW = {
    "draft_task_id": "new",
    "combo_id": "combo_new",
    "generation_status": "success",
    "generation_timestamp": "2031-01-01",
}


def shuffle(lines: Lines) -> Lines:
    header, *rows = lines
    return [header, *random.Random(1).sample(rows, len(rows))]


def turn_around(lines: Lines) -> Lines:
    header, *rows = lines
    return [header, *reversed(rows)]


def reorder_columns(lines: Lines) -> Lines:
    return [[*row[3:], *reversed(row[:3])] for row in lines]


def add_a_column(lines: Lines) -> Lines:
    header, *rows = lines
    return [["of_no_use", *header], *(["x", *row] for row in rows)]


def written(
    lines: Lines, newline: str = "\n", mark: str = "", quote: bool = False
) -> bytes:
    text = io.StringIO(newline="")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator=newline, quoting=quoting).writerows(lines)
    return (mark + text.getvalue()).encode()


TRANSFORMS: dict[str, Callable[[Lines], bytes]] = {
    "shuffled rows": lambda lines: written(shuffle(lines)),
    "rows turned around": lambda lines: written(turn_around(lines)),
    "other order of columns": lambda lines: written(reorder_columns(lines)),
    "another column": lambda lines: written(add_a_column(lines)),
    "LF": lambda lines: written(lines),
    "CRLF": lambda lines: written(lines, newline="\r\n"),
    "byte-order mark": lambda lines: written(lines, mark="\ufeff"),
    "all quoted": lambda lines: written(lines, quote=True),
    "no line end at the end": lambda lines: written(lines).removesuffix(b"\n"),
    "blank lines": lambda lines: written(lines).replace(b"\n", b"\n\n"),
}


def rewrite(root: Path, transform: Callable[[Lines], bytes]) -> None:
    for path in root.glob(TABLES):
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file))
        path.write_bytes(transform(lines))


def with_a_row_on_top(lines: Lines) -> Lines:
    """Return a table with a new draft above all others; other tables as they are."""
    header, *rows = lines
    if "draft_task_id" not in header or not rows:
        return lines
    like = dict(zip(header, rows[0], strict=True)) | NEW
    return [header, [like[name] for name in header], *rows]


def known(built: Built) -> dict[str, Row]:
    """Return the documents of a build by id, but for the number of their row."""
    found = {}
    for row in built.documents:
        meta = json.loads(row["meta_small"])
        del meta["row_index"]
        found[row["doc_id"]] = row | {"meta_small": meta}
    return found


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    shutil.copytree(REPOSITORY / "sample", root)
    return root


@pytest.mark.parametrize("name", TRANSFORMS)
def test_ids_do_not_depend_on_how_a_table_is_written(
    models: Models, sample: Path, name: str
) -> None:
    before = models.build(sample)
    rewrite(sample, TRANSFORMS[name])
    after = models.build(sample)
    assert known(after) == known(before)
    assert after.counters == before.counters


def test_a_row_on_top_adds_its_own_document_alone(models: Models, sample: Path) -> None:
    before = known(models.build(sample))
    rewrite(sample, lambda lines: written(with_a_row_on_top(lines)))
    after = known(models.build(sample))
    added = [row["task_id"] for key, row in after.items() if key not in before]
    assert added == ["new"]
    assert {key: after[key] for key in before} == before


def test_a_row_that_is_removed_takes_nothing_but_its_own_with_it(
    models: Models, sample: Path
) -> None:
    rewrite(sample, lambda lines: written(with_a_row_on_top(lines)))
    with_row = known(models.build(sample))
    rewrite(sample, lambda lines: written([row for row in lines if row[0] != "new"]))
    without_row = known(models.build(sample))
    (gone,) = with_row.keys() - without_row.keys()
    assert with_row[gone]["task_id"] == "new"
    assert without_row == {key: with_row[key] for key in with_row if key != gone}


SPELLINGS = [
    "%Y-%m-%d %H:%M:%S,%f", "%Y-%m-%dt%H:%M:%S.%f999z", "%Y%m%dT%H%M%S.%f UTC",
    "%Y-%m-%dT%H:%M:%S.%f +00:00", "%Y%m%dT%H%M%S,%fGMT", "%Y-%m-%d %H:%M:%S.%f-00",
]  # fmt: skip


def retimed(lines: Lines) -> Lines:
    """Return a table with the same times in other spellings, each row in another."""
    header, *rows = lines
    (column,) = (n for n, name in enumerate(header) if name.endswith("_timestamp"))
    told = []
    for number, row in enumerate(rows):
        cells, text = list(row), instant_text(row[column].strip())
        if text:
            instant = datetime.fromisoformat(text)
            cells[column] = instant.strftime(SPELLINGS[number % len(SPELLINGS)])
        told.append(cells)
    return [header, *told]


def without_timestamps(documents: dict[str, Row]) -> dict[str, Row]:
    """Return documents without the text of their timestamps."""
    for row in documents.values():
        del row["meta_small"]["timestamp"]
    return documents


def test_times_in_another_spelling_are_the_same_attempts(
    models: Models, sample: Path
) -> None:
    before = models.build(sample)
    rewrite(sample, lambda lines: written(retimed(lines)))
    after = models.build(sample)
    assert without_timestamps(known(after)) == without_timestamps(known(before))
    assert after.counters == before.counters
    keys = [[(row["row_key"], row["reason"]) for row in b.bad] for b in (before, after)]
    assert sorted(keys[0], key=str) == sorted(keys[1], key=str)


def test_a_run_on_retimed_tables_adds_nothing(ran: Path, models: Models) -> None:
    files, rows, bad = touched(ran), documents(ran), bad_list(ran).read_bytes()
    rewrite(ran, lambda lines: written(retimed(lines)))
    models.write_build(ran)
    good(materialize(ran))
    assert (touched(ran), documents(ran)) == (files, rows)
    assert bad_list(ran).read_bytes() == bad


def touched(root: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Return everything that a write to a file under docs/ would change."""
    found = {}
    for path in (root / "docs").rglob("*.*"):
        if path.is_file():
            status = path.stat()
            times = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
            found[str(path.relative_to(root))] = (*times, path.read_bytes())
    return found


def test_three_runs_on_a_history_written_anew_touch_nothing_that_is_there(
    ran: Path, models: Models
) -> None:
    files, rows = touched(ran), documents(ran)
    rewrite(
        ran,
        lambda lines: written(
            reorder_columns(shuffle(with_a_row_on_top(lines))), "\r\n", "\ufeff"
        ),
    )
    models.write_build(ran)
    for _ in range(3):
        good(materialize(ran))
        after = touched(ran)
        assert {path: after.get(path) for path in files} == files
        found = documents(ran)
        assert found[: len(rows)] == rows
        assert [row["task_id"] for row in found[len(rows) :]] == ["new"]
        new = f"docs/{found[-1]['doc_dir']}/"
        assert all(path.startswith(new) for path in after.keys() - files.keys())
        assert query(ran, "pragma integrity_check") == [("ok",)]
