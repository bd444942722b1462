"""Read the metadata of every generation in the store, in one pass; write nothing.

A directory that cannot be used has a row too, with the problem, because its name is
taken. DuckDB's own readers would stop at the first such file.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from docs_index.disk.confined import NotRegularError, TooLargeError, read_file
from docs_index.layout import is_litter
from docs_index.paths import is_folder, is_of_a_path
from docs_index.vocabulary import STAGES

COLUMNS = ("stage", "gen_id", "problem", "progress")
KEYS = (
    "template_id",
    "stage_template",  # `{stage}_template` in older files
    "llm_model_id",
    "parent_gen_id",
    "combo_id",
    "replicate",
    "origin_cohort_id",
)
CUT_REASONS = ("length", "max_tokens")
"""The finish reasons of answers that were cut off."""
_MAX_BYTES = 2**20
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)

Row = dict[str, str | None]


class _UnreadableError(Exception):
    """A generation's metadata.json cannot be used; the text says why."""


def scan_generations(store: Path) -> Iterator[Row]:
    """Yield one row per directory of the store, with `COLUMNS` and `KEYS`.

    `progress` of an evaluation is `done`, `answered` or not there. Names that begin
    with a dot are left out: no generation has such a name. So is what operating systems
    leave.

    Raises:
        OSError: the machine failed to list a folder, or to look at a file.
    """
    for stage in STAGES:
        folder = store / stage
        if is_folder(folder):
            for name in os.listdir(folder):
                if not name.startswith(".") and not is_litter(name):
                    row = read_generation(folder, stage, name)
                    if stage == "evaluation" and "problem" not in row:
                        row["progress"] = _progress(f"{folder}/{name}")
                    yield row


def read_generation(folder: Path | str, stage: str, name: str) -> Row:
    """Return the row of one directory in the folder of a stage.

    Raises:
        OSError: the machine failed to read its metadata.json.
    """
    if not _is_unicode(name):
        return {
            "stage": stage,
            "gen_id": ascii(name),
            "problem": "its name is not Unicode text",
        }
    row: Row = {"stage": stage, "gen_id": name}
    try:
        row |= _known(_metadata(f"{folder}/{name}/metadata.json"), stage)
    except _UnreadableError as error:
        row["problem"] = str(error)
    return row


def _progress(path: str) -> str | None:
    """Tell whether an evaluation is done, or has an answer that is not parsed yet.

    The names decide, which costs half as much as asking for each file.
    """
    names = os.listdir(path)
    if "parsed.txt" in names:
        return "done"
    if "raw.txt" in names and not _is_failure(f"{path}/raw_metadata.json"):
        return "answered"
    return None


def _is_failure(path: str) -> bool:
    """Tell whether the metadata of an answer says that it is none, or is cut off."""
    try:
        found = _metadata(path)
    except _UnreadableError:
        return False
    is_cut = found.get("finish_reason") in CUT_REASONS
    return bool(found.get("failure") or found.get("truncated") is True or is_cut)


def _metadata(path: str) -> dict[str, object]:
    try:
        content = _content(path)
        text = content.decode(json.detect_encoding(content), "surrogatepass")
        found = _DECODER.decode(text)
    except NotADirectoryError:
        raise _UnreadableError("is not a directory") from None
    except FileNotFoundError:
        raise _UnreadableError("has no metadata.json") from None
    except OSError as error:
        if not is_of_a_path(error):
            raise
        message = f"its metadata.json cannot be read: {error.strerror}"
        raise _UnreadableError(message) from error
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(f"its metadata.json is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise _UnreadableError("its metadata.json is not a JSON object")
    return found


def _content(path: str) -> bytes:
    try:
        return read_file(path, at_most=_MAX_BYTES, follow=True)
    except NotRegularError:
        return b""  # as an empty pipe would be read
    except TooLargeError:
        message = f"its metadata.json has more than {_MAX_BYTES} bytes"
        raise _UnreadableError(message) from None


def _known(metadata: dict[str, object], stage: str) -> Row:
    """Return only the values of `KEYS`; numbers keep their written form."""
    known: Row = {}
    together = ""
    for key in KEYS:
        name = f"{stage}_template" if key == "stage_template" else key
        value = metadata.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise _UnreadableError(f"the {name} in its metadata.json is not text")
        known[key] = value
        together += value
    if "\0" in together or not _is_unicode(together):
        raise _UnreadableError("a value in its metadata.json is not Unicode text")
    return known


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
