"""Spoil bytes, tables and data roots at random, but the same for the same seed."""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from roots import (
    INVALID_TIMESTAMPS,
    ODD_COMBOS,
    ODD_MODELS,
    ODD_PATHS,
    ODD_STATUSES,
    ODD_TASKS,
    ODD_TEMPLATES,
    OWN_PATHS,
    DataRoot,
    Table,
)

# Bytes -------------------------------------------------------------------------------

Mutation = Callable[[random.Random, bytes], bytes]


def at_random(rng: random.Random, content: bytes) -> tuple[bytes, bytes]:
    at = rng.randrange(len(content) + 1)
    return content[:at], content[at:]


def inserting(*pieces: bytes) -> Mutation:
    def mutate(rng: random.Random, content: bytes) -> bytes:
        before, after = at_random(rng, content)
        return before + rng.choice(pieces) + after

    return mutate


def dropping(*pieces: bytes) -> Mutation:
    def mutate(rng: random.Random, content: bytes) -> bytes:
        before, after = at_random(rng, content)
        return before + after.replace(rng.choice(pieces), b"", 1)

    return mutate


def take_out_some(rng: random.Random, content: bytes) -> bytes:
    before, after = at_random(rng, content)
    return before + after[rng.randrange(1, 5) :]


def cut_off(rng: random.Random, content: bytes) -> bytes:
    return at_random(rng, content)[0]


def change_a_line_end(rng: random.Random, content: bytes) -> bytes:
    before, after = at_random(rng, content)
    if b"\r\n" in content:
        return before + after.replace(b"\r\n", rng.choice([b"\n", b"\r"]), 1)
    return before + after.replace(b"\n", rng.choice([b"\r\n", b"\r"]), 1)


def change_all_line_ends(rng: random.Random, content: bytes) -> bytes:
    content = content.replace(b"\r\n", b"\n")
    return content.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n", b"\r\r\n"]))


def repeat_some(rng: random.Random, content: bytes) -> bytes:
    before, after = at_random(rng, content)
    return before + after[: rng.randrange(1, 30)] + after


def swap_two(rng: random.Random, content: bytes) -> bytes:
    before, after = at_random(rng, content)
    return before + after[1:2] + after[:1] + after[2:]


MUTATIONS: dict[str, Mutation] = {
    "insert a comma": inserting(b",", b",,", b", "),
    "insert a quote": inserting(b'"', b'""', b'"""', b'\\"'),
    "insert a line end": inserting(b"\n", b"\r", b"\r\n", b"\n\n", b"\n \n", b"\n#x\n"),
    "insert odd bytes": inserting(
        b"\x00", b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xe9"
    ),
    "insert odd characters": inserting(
        b"\xef\xbb\xbf", b"\xc2\xa0", b"\xe2\x80\xa8", b"\x1a"
    ),
    "drop a comma or a quote": dropping(b",", b'"'),
    "drop a line end": dropping(b"\n", b"\r"),
    "take out a few bytes": take_out_some,
    "cut off the rest": cut_off,
    "change a line end": change_a_line_end,
    "change all line ends": change_all_line_ends,
    "repeat or swap bytes": lambda rng, content: (
        repeat_some(rng, content) if rng.random() < 0.5 else swap_two(rng, content)
    ),
}


# Tables, before they are written -----------------------------------------------------

TableMutation = Callable[[random.Random, Table], Table]

ODD_VALUES = {
    "timestamp": INVALID_TIMESTAMPS,
    "response_file": [
        *ODD_PATHS,
        *(path for paths in OWN_PATHS.values() for path in paths),
    ],
    "status": ODD_STATUSES,
    "template": ODD_TEMPLATES,
    "model": ODD_MODELS,
    "combo_id": ODD_COMBOS,
    "task_id": ODD_TASKS,
    "parser": [
        "",
        "identity",
        "essay_block",
        "Essay_Block",
        "in_last_line ",
        "no\u00e9",
    ],
}
CHARACTERS = "a0|:/.\\ \t\r\n\"',#-\u00a0\u0301\u2028\U0001f600\x1b\x7f"


def change_a_value(rng: random.Random, table: Table) -> Table:
    """Give one cell a value that is odd for its column, or an odd character."""
    if not table.rows:
        return table
    row, column = rng.randrange(len(table.rows)), rng.randrange(len(table.header))
    kinds = [kind for kind in ODD_VALUES if kind in table.header[column]]
    value = table.rows[row][column]
    if kinds and rng.random() < 0.7:
        value = rng.choice(ODD_VALUES[kinds[0]])
    else:
        at = rng.randrange(len(value) + 1)
        value = value[:at] + rng.choice(CHARACTERS) + value[at + rng.randrange(2) :]
    rows = [list(cells) for cells in table.rows]
    rows[row][column] = value
    return replace(table, rows=rows)


def rename_a_column(rng: random.Random, table: Table) -> Table:
    header = list(table.header)
    at = rng.randrange(len(header))
    name = header[at]
    header[at] = rng.choice(
        [name.upper(), f" {name}", f"{name} ", "", name[:-1], rng.choice(header), "x"]
    )
    return replace(table, header=header)


def swap_two_columns(rng: random.Random, table: Table) -> Table:
    """Swap two names and leave the values where they are."""
    header = list(table.header)
    one, other = rng.randrange(len(header)), rng.randrange(len(header))
    header[one], header[other] = header[other], header[one]
    return replace(table, header=header)


def take_out_a_column(rng: random.Random, table: Table) -> Table:
    if len(table.header) < 2:
        return table
    at = rng.randrange(len(table.header))
    rows = [row[:at] + row[at + 1 :] for row in table.rows]
    return replace(table, header=table.header[:at] + table.header[at + 1 :], rows=rows)


def repeat_a_row(rng: random.Random, table: Table) -> Table:
    if not table.rows:
        return table
    rows = list(table.rows)
    rows.insert(rng.randrange(len(rows) + 1), rng.choice(rows))
    return replace(table, rows=rows)


def shorten_a_row(rng: random.Random, table: Table) -> Table:
    if not table.rows:
        return table
    rows = [list(row) for row in table.rows]
    rng.choice(rows).pop()
    return replace(table, rows=rows)


def mutate_tables(rng: random.Random, description: DataRoot) -> DataRoot:
    """Return a data root with one thing changed in one table."""
    mutations = [change_a_value] * 6 + [rename_a_column] * 2 + [repeat_a_row]
    mutations += [swap_two_columns, take_out_a_column, shorten_a_row]
    mutate = rng.choice(mutations)
    tables, templates = dict(description.tables), dict(description.templates)
    chosen = templates if templates and rng.random() < 0.2 else tables
    source = rng.choice(list(chosen))
    chosen[source] = mutate(rng, chosen[source])
    return replace(description, tables=tables, templates=templates)


# Files of a data root ----------------------------------------------------------------


def mutate_bytes(rng: random.Random, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(MUTATIONS[rng.choice(list(MUTATIONS))](rng, content))


def rename_parsers(rng: random.Random, path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"essay_", b"essay"))


def remove(rng: random.Random, path: Path) -> None:
    path.unlink()


def become_a_folder(rng: random.Random, path: Path) -> None:
    path.unlink()
    path.mkdir()


def become_a_pipe(rng: random.Random, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def become_a_link(rng: random.Random, path: Path) -> None:
    """Make a link to a file of the same folder, or out of the folder."""
    path.unlink()
    names = [entry.name for entry in path.parent.iterdir()]
    path.symlink_to(rng.choice([*names, "../../../outside/o.txt", "..", path.name]))


def grow(rng: random.Random, path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x" * rng.choice([1, 100, 2000]))


def mutate_files(rng: random.Random, root: Path) -> None:
    """Spoil one table, templates table or response file on disk."""
    kind = rng.choice(["7_cross_experiment"] * 3 + ["1_raw"] + ["responses"] * 4)
    if kind == "responses":
        folders = [root / "3_generation", root / "4_evaluation"]
        files = [path for folder in folders for path in folder.glob("*_*/*")]
        mutations = [mutate_bytes] * 4 + [grow, remove]
        mutations += [become_a_folder, become_a_pipe, become_a_link]
    else:
        files = list((root / kind).iterdir()) if (root / kind).is_dir() else []
        # A spoiled pattern may be one for Python and none for RE2, or the other way.
        files = [path for path in files if path.name != "parsers.csv"]
        mutations = [mutate_bytes] * 6 + [remove, become_a_folder]
        mutations += [rename_parsers] * 2 if kind == "1_raw" else []
    files = sorted(path for path in files if path.is_file() and not path.is_symlink())
    if files:
        rng.choice(mutations)(rng, rng.choice(files))


def remove_all_tables(root: Path) -> None:
    shutil.rmtree(root / "7_cross_experiment")
