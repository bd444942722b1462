"""State the contract of the documents backfill in plain Python, as an oracle.

Tests compare the project's SQL with what ``expected`` returns. The module is written
from the contract alone and imports nothing of the project: a mistake would have to be
made twice, in two languages, to go unnoticed. It reads a data root and never writes.
Section numbers in the docstrings are those of the contract. Joins are quadratic.
"""

import hashlib
import json
import math
import os
import posixpath
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

RESULTS = {
    "draft": "draft_generation_results.csv",
    "link": "link_generation_results.csv",
    "essay": "essay_generation_results.csv",
    "evaluation": "evaluation_results.csv",
}
STAGES = {source: source for source in RESULTS} | {"link": "draft"}
REPAIRED = {
    "ignore": tuple(RESULTS),
    "set_parent": ("essay",),
    "set_response_file": tuple(RESULTS),
    "set_target": ("evaluation",),
    "set_timestamp": tuple(RESULTS),
}
UNRESOLVED = {"essay": "unresolved_parent", "evaluation": "unresolved_target"}
BLANKS = " \t\r\n"
MAX_RECORD_BYTES = 16 * 2**20
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

# One field, quoted or plain, and what ends it.
FIELD = re.compile(r'(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\Z)')
# A timestamp is a date and time in one of the forms, and a zone; D stands for a digit.
CLOCKS = [
    "DDDD-DD-DD",
    "DDDD-DD-DD[Tt ]DD:DD",
    "DDDD-DD-DD[Tt ]DD:DD:DD",
    "DDDD-DD-DD[Tt ]DD:DD:DD[.,]D{1,9}",
    "DDDDDDDDTDDDD",
    "DDDDDDDDTDDDDDD",
    "DDDDDDDDTDDDDDD[.,]D{1,9}",
]
ZONES = ["", "Z", "z", "UTC", "GMT", "[+-]DD:DD", "[+-]DDDD", "[+-]DD"]
IDEA = re.compile(r"(<essay-idea(?:[ \t][^>\n]*)?>)\r?\n([\s\S]*?)\r?\n</essay-idea>")
IDEA_STAGE = re.compile(r'[ \t]stage="([0-9]+)"')
ESSAY = re.compile(r"(?i)<essay>([\s\S]*?)</essay>")
ESSAY_START = re.compile(r"(?i)<essay>")
THINKING = re.compile(r"(?i)<thinking(?:[ \t\r\n][^>]*)?>[\s\S]*?</thinking>")
SCORE = r"(?i)SCORE(?::[ \t]*|[ \t]+)"
SCORE_LINE = re.compile(r"(?i)[ \t]*SCORE:[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*")
SCORE_TRIPLE = re.compile(SCORE + r"([0-9],?[ \t]?[0-9],?[ \t]?[0-9])")
SCORE_NUMBER = re.compile(SCORE + r"(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)")
NO_BREAK = "\u00a0"
# A number as people write it, in the result of an own parser with what it is out of.
A_NUMBER = r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
PLAIN_NUMBER = re.compile(A_NUMBER)
NUMBER = re.compile(rf"({A_NUMBER})(?:[ \t]*/[ \t]*[0-9]+(?:[.,][0-9]+)?)?")
# What Python knows and RE2 does not: look-around, backreferences, possessive repeats.
BEYOND_RE2 = re.compile(r"\(\?(?:<?[=!]|>|P=|#|\()|\\[1-9]|[*+?}]\+|\\C")


class Refused(Exception):
    """A build on this data root must stop before anything is written."""


REPAIRS = "7_cross_experiment/generation_repairs.csv"


@dataclass(frozen=True)
class Repair:
    """Section 13: what one row of generation_repairs.csv does to its source row."""

    action: str
    value: str
    reason: str
    by: str


Repairs = dict[tuple[str, int], list[Repair]]
"""By source and row_index, sorted by action."""


@dataclass(frozen=True)
class Expected:
    """What a build must yield: the documents, the rows left out, the counters."""

    documents: list[dict[str, Any]]
    bad: list[dict[str, Any]]
    counters: dict[str, int]


@dataclass(frozen=True)
class Row:
    """A source row as section 2 reads it; equal rows are duplicates of each other.

    The instant is the timestamp in UTC as created_at has it, which sorts as text, and
    empty if it is invalid. Only an attempt has a row_key.
    """

    source_csv: str
    row_index: int = field(compare=False)
    task_id: str
    essay_task_id: str
    generation_task_id: str
    combo_id: str
    template_id: str
    model_id: str
    status: str
    timestamp: str = field(compare=False)
    instant: str
    response_file: str
    row_key: str | None = field(default=None, compare=False)


def split_records(text: str) -> Iterator[list[str]]:
    """Section 2: split a CSV text into records; an empty line is not a record."""
    position = start = 0
    fields: list[str] = []
    line_ends: set[str] = set()
    while position < len(text) or fields:
        match = FIELD.match(text, position)
        if match is None:
            raise Refused(f"broken quoting or bare CR after character {position}")
        quoted, plain, end = match.groups()
        fields.append(plain if quoted is None else quoted.replace('""', '"'))
        position = match.end()
        if end == ",":
            continue
        line_ends.add(end)
        if {"\n", "\r\n"} <= line_ends:
            raise Refused(f"mixed line ends at character {position}")
        if len(text[start : match.start(3)].encode()) > MAX_RECORD_BYTES:
            raise Refused(f"a line of more than {MAX_RECORD_BYTES} bytes")
        if fields != [""] or quoted is not None:
            yield fields
        start, fields = position, []


def read_table(path: Path) -> tuple[list[str], list[dict[str, str]]] | None:
    """Sections 1 and 2: the header and the rows by column name, None if missing."""
    if not path.exists():
        return None
    try:
        content = path.read_bytes()
        if b"\0" in content:
            raise Refused("a NUL byte")
        records = list(split_records(content.decode("utf-8-sig")))
        if not records:
            raise Refused("no header line")
        header, *rows = records
        if len({name.casefold() for name in header}) < len(header):
            raise Refused("two columns of one name")
        if any(record[0].startswith("\ufeff") for record in records):
            raise Refused("a byte-order mark at the beginning of a row")
        if any(len(row) != len(header) for row in rows):
            raise Refused("a row with too many or too few fields")
    except (OSError, UnicodeDecodeError, Refused) as fault:
        raise Refused(f"{path.name}: {fault}") from fault
    return header, [dict(zip(header, row, strict=True)) for row in rows]


def first_value(record: dict[str, str], *columns: str) -> str:
    """Section 2: the first alternative that is not blank, trimmed; else empty."""
    values = (record.get(column, "").strip(BLANKS) for column in columns)
    return next((value for value in values if value), "")


def exact_id(record: dict[str, str], column: str) -> str:
    """Section 2: an id byte for byte; a blank one as empty."""
    value = record.get(column, "")
    return value if value.strip(BLANKS) else ""


def columns_of(source: str) -> tuple[list[list[str]], set[str]]:
    """Section 2: the columns of a results table, and those that may be missing."""
    step = "evaluation" if source == "evaluation" else "generation"
    required = [
        [f"{source}_task_id"], ["combo_id"],
        [f"{source}_template_id", f"{source}_template"],
        [f"{step}_model", f"{step}_model_name"], [f"{step}_status"],
        [f"{step}_timestamp"], ["response_file"],
    ]  # fmt: skip
    if source != "evaluation":
        return required, set()
    required[-1] += ["eval_response_file", "evaluation_response_file"]
    return required, {"essay_task_id", "generation_task_id"}


def refuse_near_misses(header: list[str], known: set[str]) -> None:
    """Section 2: no name is that of a known column but for case or blanks around it."""
    for name in header:
        bare = name.strip().strip("\ufeff").strip().casefold()
        if bare in known and name not in known:
            raise Refused(f"a column {name!r}")


def read_row(source: str, row_index: int, record: dict[str, str]) -> Row:
    """Section 2: pick the values out of one record."""
    is_evaluation = source == "evaluation"
    step = "evaluation" if is_evaluation else "generation"
    templates = [f"{source}_template_id", f"{source}_template"]
    responses = ["response_file"]
    if is_evaluation:
        templates.reverse()
        responses = ["eval_response_file", "evaluation_response_file", *responses]
    targets = record if is_evaluation else {}
    timestamp = first_value(record, f"{step}_timestamp")
    return Row(
        source_csv=source,
        row_index=row_index,
        task_id=exact_id(record, f"{source}_task_id"),
        essay_task_id=exact_id(targets, "essay_task_id"),
        generation_task_id=exact_id(targets, "generation_task_id"),
        combo_id=first_value(record, "combo_id"),
        template_id=first_value(record, *templates),
        model_id=first_value(record, f"{step}_model", f"{step}_model_name"),
        status=first_value(record, f"{step}_status").lower(),
        timestamp=timestamp,
        instant=instant_of(timestamp),
        response_file=first_value(record, *responses),
    )


def read_rows(root: Path, source: str) -> list[Row] | None:
    """Sections 1 to 3: the rows of one results table, None if it is missing."""
    table = read_table(root / "7_cross_experiment" / RESULTS[source])
    if table is None:
        return None
    header, records = table
    required, targets = columns_of(source)
    refuse_near_misses(header, {name for names in required for name in names} | targets)
    if records and any(set(names).isdisjoint(header) for names in required):
        raise Refused(f"{RESULTS[source]}: a column is missing")
    return [read_row(source, index, record) for index, record in enumerate(records, 1)]


def read_parsers(root: Path, source: str) -> dict[str, str]:
    """Section 10: the parser of each template; the last row that names one counts."""
    header, records = read_table(root / "1_raw" / f"{source}_templates.csv") or ([], [])
    refuse_near_misses(header, {"template_id", "parser"})
    if records and "template_id" not in header:
        raise Refused(f"{source}_templates.csv: no column template_id")
    named = [(first_value(r, "template_id"), first_value(r, "parser")) for r in records]
    return {template_id: parser for template_id, parser in named if parser}


def instant_of(timestamp: str) -> str:
    """Section 2: the timestamp in UTC at microseconds; empty if it is invalid."""
    try:
        return utc_of(timestamp).isoformat(timespec="microseconds") + "Z"
    except (ValueError, OverflowError):
        return ""


def utc_of(timestamp: str) -> datetime:
    """Section 2: the timestamp in UTC at microseconds.

    Raises:
        ValueError, OverflowError: it is invalid.
    """
    clock, zone = split_timestamp(timestamp)
    digits = re.sub("[^0-9]", "", clock).ljust(20, "0")
    local = datetime.strptime(digits[:8], "%Y%m%d").replace(
        hour=int(digits[8:10]),
        minute=int(digits[10:12]),
        second=int(digits[12:14]),
        microsecond=int(digits[14:20]),
    )
    east = re.sub("[^0-9]", "", zone).ljust(4, "0")
    hours, minutes = int(east[:2]), int(east[2:])
    if hours > 23 or minutes > 59:
        raise ValueError(timestamp)
    offset = timedelta(hours=hours, minutes=minutes)
    return local + offset if zone.startswith("-") else local - offset


def split_timestamp(timestamp: str) -> tuple[str, str]:
    """Section 2: the date and time, and the zone, which may follow a space."""
    for clock in CLOCKS:
        for zone in ZONES:
            pattern = f"({clock})({' ?' if zone else ''}{zone})".replace("D", "[0-9]")
            if match := re.fullmatch(pattern, timestamp):
                return match[1], match[2].lstrip(" ")
    raise ValueError(timestamp)


def fault_of(row: Row, earlier: list[Row]) -> str | None:
    """Section 4: why the row is not an attempt; ``earlier`` are the rows above it."""
    has_combo = row.combo_id or row.source_csv == "evaluation"
    if not row.task_id:
        return "missing_task_id"
    if not (has_combo and row.template_id and row.model_id):
        return "missing_key_columns"
    if row.status != "success":
        return "not_successful"
    if not row.instant:
        return "invalid_timestamp"
    return "duplicate_row" if row in earlier else None


def judge(rows: list[Row]) -> tuple[list[Row], list[tuple[Row, str]]]:
    """Sections 3 and 4: the attempts of one file, and its other rows with a reason."""
    attempts: list[Row] = []
    faulty = []
    for row in rows:
        if reason := fault_of(row, attempts):
            faulty.append((row, reason))
            continue
        identity = (row.task_id, row.instant)
        same = [a for a in attempts if (a.task_id, a.instant) == identity]
        row_key = f"{row.source_csv}:{row.task_id}:{row.instant}:{len(same) + 1}"
        attempts.append(replace(row, row_key=row_key))
    return attempts, faulty


def place_of(row: Row) -> tuple[int, int]:
    """Section 11: where the row is in the order of writing."""
    return list(RESULTS).index(row.source_csv), row.row_index


def repaired_row(record: dict[str, str], rows: list[Row]) -> Row:
    """Section 13: the row that a repair names; ``rows`` are those of its source."""
    row_key, task_id = exact_id(record, "row_key"), exact_id(record, "task_id")
    place = first_value(record, "row_index")
    if place and not place.isdecimal():
        raise Refused(f"row_index {place} is not a number")
    found = [
        row
        for row in rows
        if (row.row_key == row_key if row_key else place and task_id == row.task_id)
        and (not place or int(place) == row.row_index)
        and (not task_id or task_id == row.task_id)
    ]
    if len(found) != 1:
        raise Refused(f"a repair of no row: {record}")
    return found[0]


def retimed_rows(
    root: Path, attempts: list[Row], left_out: list[tuple[Row, str]]
) -> list[Row]:
    """Section 13: the rows that get a timestamp, as the attempts that they become."""
    _, records = read_table(root / REPAIRS) or ([], [])
    instants: dict[tuple[str, str, str], str] = {}
    for record in records:
        if first_value(record, "action") == "set_timestamp":
            source, place = (
                first_value(record, n) for n in ("source_csv", "row_index")
            )
            named = (source, place, exact_id(record, "task_id"))
            instants[named] = instant_of(first_value(record, "value"))
    made: list[Row] = []
    for row, reason in left_out:
        named = (row.source_csv, str(row.row_index), row.task_id)
        if reason == "invalid_timestamp" and (instant := instants.get(named)):
            start = f"{row.source_csv}:{row.task_id}:{instant}:"
            keys = [str(other.row_key) for other in [*attempts, *made]]
            number = 1 + sum(key.rpartition(":")[0] + ":" == start for key in keys)
            made.append(replace(row, instant=instant, row_key=f"{start}{number}"))
    return made


def read_repairs(root: Path, rows: list[Row], retimed: list[Row]) -> Repairs:
    """Section 13: the repairs of each row; ``rows`` are all, attempts as such."""
    header, records = read_table(root / REPAIRS) or ([], [])
    row_names = {"row_key", "row_index"}
    others = {"task_id", "value", "reason", "by"}
    refuse_near_misses(header, {"source_csv", "action"} | row_names | others)
    if records and not (
        {"source_csv", "action"} <= set(header) and row_names & set(header)
    ):
        raise Refused("the repairs lack a column")
    repairs: Repairs = {}
    for record in records:
        source, action = (first_value(record, n) for n in ("source_csv", "action"))
        row = repaired_row(record, [row for row in rows if row.source_csv == source])
        value = exact_id(record, "value")
        if action in ("set_response_file", "set_timestamp"):
            value = value.strip(BLANKS)
        if action == "set_timestamp" and not (row in retimed and instant_of(value)):
            raise Refused(f"{value} is not a timestamp, or of a row that has one")
        if source not in REPAIRED.get(action, ()):
            raise Refused(f"{source} has no action {action}")
        if action != "ignore" and not (value and row.row_key):
            raise Refused(f"{action} without a value, or of no attempt")
        said = [first_value(record, name) for name in ("reason", "by")]
        of_row = repairs.setdefault((source, row.row_index), [])
        same = [repair for repair in of_row if repair.action == action]
        if any(repair.value != value for repair in same) and action != "ignore":
            raise Refused(f"{action} of one row with two values")
        if not same:
            of_row.append(Repair(action, value, *said))
        if len(of_row) > 1 and any(repair.action == "ignore" for repair in of_row):
            raise Refused("a row is ignored and repaired")
        of_row.sort(key=lambda repair: repair.action)
    return repairs


def value_of(repairs: list[Repair], *actions: str) -> str | None:
    """Section 13: what the first repair with one of the actions sets."""
    return next((r.value for r in repairs if r.action in actions), None)


def repaired_attempts(attempts: list[Row], repairs: Repairs) -> list[Row]:
    """Section 13: the attempts that are not ignored, with their repaired paths."""
    kept = []
    for row in attempts:
        own = repairs.get((row.source_csv, row.row_index), [])
        path = value_of(own, "set_response_file")
        if value_of(own, "ignore") is None:
            kept.append(replace(row, response_file=path or row.response_file))
    return kept


def document_named(row: Row, value: str, documents: dict[str | None, Any]) -> str:
    """Section 13: the row_key of the document that a repair of this row names."""
    stages = ["draft"] if row.source_csv == "essay" else ["essay", "draft"]
    of_stages = {k: d for k, d in documents.items() if d["stage"] in stages}
    if value in of_stages:
        return value
    by_id = [k for k, d in of_stages.items() if value == d["doc_id"]]
    if by_id:
        return str(by_id[0])
    for stage in stages:
        named = [
            d["row"]
            for d in of_stages.values()
            if (d["stage"], d["task_id"]) == (stage, value)
        ]
        if named:
            return str(in_time(row, named).row_key)
    raise Refused(f"no document is named {value}")


def key_of(*parts: str) -> str:
    """Section 8: H, the 16 characters that identify the parts."""
    digest = hashlib.sha256("".join(f"{part}|" for part in parts).encode()).digest()
    number, text = int.from_bytes(digest[:12], "big"), ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text.rjust(16, "0")[:16]


def open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting for the writer that a named pipe would want."""
    return os.open(path, flags | os.O_NONBLOCK)


def usable_bytes(folder: Path, relative: str, limit: int) -> bytes | None:
    """Section 5: what the response file holds, None if it is not usable."""
    written, inside = f"{folder}/{relative}", os.path.realpath(folder) + "/"
    if not relative or relative.startswith("/"):
        return None
    if not os.path.realpath(written).startswith(inside):
        return None
    try:
        with open(written, "rb", opener=open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            content = file.read(limit + 1)
        content.decode()
    except (OSError, UnicodeDecodeError):
        return None
    return content if len(content) <= limit else None


def prompt_of(row: Row, folder: Path, limit: int) -> bytes | None:
    """Section 9: the prompt that belongs to a legacy draft's response."""
    first, slash, rest = posixpath.normpath(row.response_file).partition("/")
    if row.source_csv != "link" or first + slash != "links_responses/":
        return None
    return usable_bytes(folder, f"links_prompts/{rest}", limit)


def latest(candidates: list[Row]) -> Row:
    """Sections 6 and 7: the latest; on a tie a draft, then the higher row_index."""
    return max(
        candidates, key=lambda r: (r.instant, r.source_csv == "draft", r.row_index)
    )


def parent_of(essay: Row, attempts: list[Row]) -> Row | None:
    """Section 6: the last draft attempt of the same combo and model, in time."""
    wanted = ("draft", essay.combo_id, essay.model_id)
    candidates = [
        other
        for other in attempts
        if (STAGES[other.source_csv], other.combo_id, other.model_id) == wanted
        and other.instant <= essay.instant
    ]
    return latest(candidates) if candidates else None


def in_time(row: Row, named: list[Row]) -> Row:
    """Section 7: the latest at or before the row; if all are later, the earliest."""
    first = min(other.instant for other in named)
    before = [other for other in named if other.instant <= row.instant]
    return latest(before or [other for other in named if other.instant == first])


def target_of(
    evaluation: Row, attempts: list[Row], essay_tasks: set[str]
) -> tuple[Row | None, str]:
    """Section 7: the evaluated attempt, and the column that named it.

    ``essay_tasks`` are the task ids of all rows of the essay table.
    """
    method, stage = "generation_task_id", "draft"
    if evaluation.essay_task_id and evaluation.essay_task_id in essay_tasks:
        method, stage = "essay_task_id", "essay"
    wanted = (stage, getattr(evaluation, method))
    named = [o for o in attempts if (STAGES[o.source_csv], o.task_id) == wanted]
    return (in_time(evaluation, named) if named else None), method


def lineage_of(
    row: Row, attempts: list[Row], documented: list[Row], essay_tasks: set[str]
) -> tuple[Row | None, str]:
    """Sections 6 and 7: the parent, if it is a document, and the link_method."""
    parent, method = None, "timestamp_join"
    if row.source_csv == "evaluation":
        parent, method = target_of(row, attempts, essay_tasks)
    elif row.source_csv == "essay":
        parent = parent_of(row, attempts)
    row_keys = [other.row_key for other in documented]
    is_document = parent is not None and parent.row_key in row_keys
    return (parent if is_document else None), method


def essay_idea_last(text: str) -> str | None:
    """Section 10: the idea of the highest stage, or the last idea."""
    ideas = list(IDEA.finditer(text))
    ranked = []
    for position, idea in enumerate(ideas):
        if stage := IDEA_STAGE.search(idea[1]):
            digits = stage[1].lstrip("0")  # compared by length, then digit by digit
            ranked.append((len(digits), digits, position))
    if ranked:
        return ideas[max(ranked)[2]][2]
    return ideas[-1][2] if ideas else None


def essay_block(text: str) -> str | None:
    """Section 10: the first essay element, or all after an unclosed one."""
    if match := ESSAY.search(text):
        return match[1].strip(BLANKS)
    if match := ESSAY_START.search(text):
        return text[match.end() :].strip(BLANKS)
    return None


def essay_block_lenient(text: str) -> str | None:
    """Section 10: the essay element outside the thinking, or all that is outside."""
    remaining = THINKING.sub("", text)
    block = essay_block(remaining)
    return remaining.strip(BLANKS) if block is None else block


def score_of(text: str) -> float | None:
    """Section 10: the value in the last three lines, in range or not."""
    lines = [line.strip(BLANKS) for line in text.replace(NO_BREAK, " ").split("\n")]
    kept = [re.sub("[*#]", "", line) for line in [line for line in lines if line][-3:]]
    for line in kept:
        if match := SCORE_LINE.fullmatch(line):
            return float(match[1])
    for line in kept:
        if match := SCORE_TRIPLE.search(line):
            return sum(int(digit) for digit in re.findall("[0-9]", match[1])) / 3
        if match := SCORE_NUMBER.search(line):
            return float(match[1])
    return None


def in_last_line(text: str) -> str | None:
    """Section 10: the score as the shortest decimal of its double, and a line break."""
    score = score_of(text)
    if score is None or not 0 <= score <= 9:
        return None
    return written_number(score)


def written_number(number: float) -> str:
    """Section 10: the shortest decimal of a double, and a line break."""
    digits = f"{Decimal(repr(number)):f}"
    return (digits if "." in digits else f"{digits}.0") + "\n"


PARSERS: dict[str, Callable[[str], str | None]] = {
    "identity": lambda text: text,
    "essay_idea_last": essay_idea_last,
    "essay_block": essay_block,
    "essay_block_lenient": essay_block_lenient,
    "in_last_line": in_last_line,
}


@dataclass(frozen=True)
class OwnParser:
    """COHORTS.md, section 6: a row of 1_raw/parsers.csv."""

    kind: str
    pattern: str
    minimum: float | None
    maximum: float | None

    def parse(self, text: str) -> str | None:
        """Return the result as text or, with bounds, as a number; None is an error."""
        find = last_match if self.kind == "regex" else value_in_object
        found = find(self.pattern.replace(NO_BREAK, " "), text.replace(NO_BREAK, " "))
        if found is None or (self.minimum is None and self.maximum is None):
            return found
        match = NUMBER.fullmatch(found.replace(NO_BREAK, " ").strip(BLANKS))
        number = float(match[1].replace(",", ".")) if match else math.nan
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if not (math.isfinite(number) and low <= number <= high):
            return None
        return written_number(number)


def last_match(pattern: str, text: str) -> str | None:
    """Return the group of the last match."""
    matches = list(re.finditer(pattern, text, re.ASCII))
    return matches[-1][1] if matches else None


def last_object(text: str) -> dict[str, Any] | None:
    """Return the last JSON object in a text, trying each brace from the left."""
    decoder = json.JSONDecoder(parse_constant=refused_constant)
    found, at = None, text.find("{")
    while at >= 0:
        end = at + 1
        with suppress(ValueError):
            found, end = decoder.raw_decode(text, at)
        at = text.find("{", end)
    return found


def refused_constant(name: str) -> float:
    """Refuse NaN and Infinity, which Python takes for JSON."""
    raise ValueError(name)


def value_in_object(path: str, text: str) -> str | None:
    """Follow a path of names and places in the last JSON object."""
    value: Any = last_object(text)
    for step in path.split("."):
        if isinstance(value, list) and re.fullmatch("[0-9]+", step):
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return None
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = value if isinstance(value, str) else written
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def read_own_parsers(root: Path) -> dict[str, OwnParser]:
    """COHORTS.md, section 6: the parsers of 1_raw/parsers.csv."""
    header, records = read_table(root / "1_raw/parsers.csv") or ([], [])
    columns = {"parser", "kind", "pattern", "minimum", "maximum"}
    refuse_near_misses(header, columns)
    if records and not {"parser", "kind", "pattern"} <= set(header):
        raise Refused("parsers.csv: a column is missing")
    found: dict[str, OwnParser] = {}
    for number, record in enumerate(records, 1):
        name, own = first_value(record, "parser"), own_parser(record)
        is_name = re.fullmatch("[A-Za-z0-9_-][A-Za-z0-9._-]*", name)
        if own is None or not is_name or name in found or name in PARSERS:
            raise Refused(f"parsers.csv: row {number}")
        found[name] = own
    return found


def own_parser(record: dict[str, str]) -> OwnParser | None:
    """Return what a row of parsers.csv says, None where it cannot be meant."""
    kind, pattern = first_value(record, "kind").lower(), record["pattern"]
    if kind == "regex":
        try:
            groups = re.compile(pattern).groups
        except re.error:
            return None
        if groups != 1 or BEYOND_RE2.search(pattern):
            return None
    elif kind == "json":
        pattern = pattern.strip(BLANKS)
        if not re.fullmatch(r'[^.\[\]"$*]+(\.[^.\[\]"$*]+)*', pattern):
            return None
    else:
        return None
    bounds: list[float | None] = []
    for column in ("minimum", "maximum"):
        written = first_value(record, column)
        if written and not PLAIN_NUMBER.fullmatch(written):
            return None
        bounds.append(float(written.replace(",", ".")) if written else None)
    low, high = bounds
    if low is not None and high is not None and low > high:
        return None
    return OwnParser(kind, pattern, low, high)


def values_of(row: Row, *columns: str) -> dict[str, Any]:
    """Name some values of a row, None for blank."""
    return {column: getattr(row, column) or None for column in columns}


def describe_bad(row: Row, reason: str, run_id: str) -> dict[str, Any]:
    """Section 11: a row of bad_generations."""
    without_parent = key_of("essay", row.combo_id, row.template_id, row.model_id)
    return {
        **values_of(row, "source_csv", "row_index", "row_key", "task_id", "combo_id"),
        **values_of(row, "template_id", "model_id", "timestamp", "response_file"),
        "reason": reason,
        "logical_key_id": without_parent if reason == "unresolved_parent" else None,
        "run_id": run_id,
    }


def meta_of(
    row: Row,
    parent: dict[str, Any] | None,
    link_method: str,
    repairs: list[Repair],
    was: str,
) -> dict[str, Any]:
    """Section 9: meta_small; a blank combo_id (of an evaluation) is None.

    ``was`` is the response file of the table.
    """
    own = values_of(row, "source_csv", "row_index", "row_key", "combo_id")
    own |= values_of(row, "response_file", "timestamp")
    if parent is not None:
        own |= {"parent_task_id": parent["task_id"], "link_method": link_method}
    told = []
    for repair in repairs:
        facts = asdict(repair)
        had = {"set_response_file": was, "set_timestamp": row.timestamp}
        facts["was"] = had.get(repair.action, "")
        told.append({name: fact for name, fact in facts.items() if fact})
    return own | ({"repair": told} if told else {})


def describe_document(
    row: Row,
    content: bytes,
    parent: dict[str, Any] | None,
    parser: str | None,
    known: dict[str, Callable[[str], str | None]],
    run_id: str,
) -> dict[str, Any]:
    """Section 9: the index row but for meta_small, and the parsed text."""
    stage, text = STAGES[row.source_csv], content.decode()
    parsed = text if parser is None else known[parser](text)
    origin = row.combo_id if parent is None else parent["doc_id"]
    logical_key_id = key_of(stage, origin, row.template_id, row.model_id)
    doc_id = key_of(logical_key_id, run_id, str(row.row_key))
    return {
        **values_of(row, "task_id", "template_id", "model_id", "row_key"),
        **values_of(row, "source_csv", "row_index"),
        "doc_id": doc_id,
        "logical_key_id": logical_key_id,
        "stage": stage,
        "parent_doc_id": parent and parent["doc_id"],
        "run_id": run_id,
        "parser": parser,
        "status": "parse_error" if parsed is None else "ok",
        "created_at": row.instant,
        "doc_dir": f"{stage}/{logical_key_id}/{doc_id}",
        "raw_bytes": len(content),
        "raw_chars": len(text),
        "parsed_chars": None if parsed is None else len(parsed),
        "content_hash": hashlib.sha256(content).hexdigest(),
        "score": number_of(stage, parser, parsed),
        "parsed": parsed,
    }


def number_of(stage: str, parser: str | None, parsed: str | None) -> float | None:
    """Section 9: the number that a score parser found."""
    text = (parsed or "").strip(" \t\r\n")
    number = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"
    if stage != "evaluation" or parser is None or not re.fullmatch(number, text):
        return None
    return float(text) if abs(float(text)) <= 1e100 else None


def without_row(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only later rows had to know of a document."""
    return {name: value for name, value in document.items() if name != "row"}


def count(
    rows: dict[str, list[Row]],
    documents: list[dict[str, Any]],
    bad: list[dict[str, Any]],
) -> dict[str, int]:
    """Section 11: the counters."""
    stages = Counter(document["stage"] for document in documents)
    reasons = Counter((entry["reason"], STAGES[entry["source_csv"]]) for entry in bad)
    return {
        "draft_ok": stages["draft"],
        "draft_missing_response": reasons["missing_response_file", "draft"],
        "essay_parent_resolved": stages["essay"],
        "essay_unresolved_parent": reasons["unresolved_parent", "essay"],
        "eval_resolved": stages["evaluation"],
        "eval_unresolved_target": reasons["unresolved_target", "evaluation"],
        "bad_generations": len(bad),
        **{f"rows_{source}": len(rows[source]) for source in RESULTS},
    }


def expected(
    root: Path,
    run_id: str = "backfill",
    evaluation_root: str = "3_generation",
    max_response_bytes: int = 64 * 2**20,
) -> Expected:
    """State what a build on this data root must yield, in the order of the tables.

    Raises:
        Refused: a table is not well-formed, all four are missing, an attempt's
            template names an unknown parser, or a repair cannot be applied.
    """
    tables = {source: read_rows(root, source) for source in RESULTS}
    if all(table is None for table in tables.values()):
        raise Refused(f"{root}: all four results tables are missing")
    rows = {source: table or [] for source, table in tables.items()}
    parsers = {source: read_parsers(root, source) for source in RESULTS}
    own_parsers = {name: own.parse for name, own in read_own_parsers(root).items()}
    known = PARSERS | own_parsers
    judged = [judge(rows[source]) for source in RESULTS]
    attempts = [row for of_source, _ in judged for row in of_source]
    left_out = [entry for _, of_source in judged for entry in of_source]
    retimed = retimed_rows(root, attempts, left_out)
    places = {place_of(row) for row in retimed}
    left_out = [out for out in left_out if place_of(out[0]) not in places]
    attempts = sorted([*attempts, *retimed], key=place_of)
    tabled = [*attempts, *(row for row, _ in left_out)]
    repairs = read_repairs(root, tabled, retimed)
    paths = {row.row_key: row.response_file for row in attempts}
    attempts = repaired_attempts(attempts, repairs)
    ignored = {
        (row.source_csv, row.row_index): row
        for row in tabled
        if value_of(repairs.get((row.source_csv, row.row_index), []), "ignore")
        is not None
    }
    left_out = [
        *((row, "ignored") for row in ignored.values()),
        *(
            out
            for out in left_out
            if (out[0].source_csv, out[0].row_index) not in ignored
        ),
    ]
    for row in attempts:
        if parsers[row.source_csv].get(row.template_id, "identity") not in known:
            raise Refused(f"{row.source_csv} {row.template_id}: unknown parser")

    essay_tasks = {row.task_id for row in rows["essay"]}
    documented: list[Row] = []
    documents: dict[str | None, dict[str, Any]] = {}
    for row in attempts:
        is_evaluation = row.source_csv == "evaluation"
        folder = root / (evaluation_root if is_evaluation else "3_generation")
        content = usable_bytes(folder, row.response_file, max_response_bytes)
        parent, link_method = lineage_of(row, attempts, documented, essay_tasks)
        own = repairs.get((row.source_csv, row.row_index), [])
        if named := value_of(own, "set_parent", "set_target"):
            parent_key = document_named(row, named, documents)
            parent, link_method = documents[parent_key]["row"], "repair"
        if content is None and value_of(own, "set_response_file"):
            raise Refused(f"{row.response_file} cannot be used")
        if content is None:
            left_out.append((row, "missing_response_file"))
        elif parent is None and STAGES[row.source_csv] != "draft":
            left_out.append((row, UNRESOLVED[row.source_csv]))
        else:
            above = documents[parent.row_key] if parent else None
            parser = parsers[row.source_csv].get(row.template_id)
            document = describe_document(row, content, above, parser, known, run_id)
            was = paths[row.row_key]
            document["meta_small"] = meta_of(row, above, link_method, own, was)
            document["row"] = row
            document["prompt"] = prompt_of(row, folder, max_response_bytes)
            documents[row.row_key] = document
            documented.append(row)
    left_out.sort(key=lambda out: place_of(out[0]))
    bad = [describe_bad(row, reason, run_id) for row, reason in left_out]
    found = [without_row(document) for document in documents.values()]
    return Expected(found, bad, count(rows, found, bad))
