"""State the contract of mappings of other tools' histories in plain Python.

Tests compare what a build makes of ``histories.yml`` with what ``expected`` returns.
The module is written from the contract alone: it knows neither the program's SQL nor
its reader, and takes only the words of the other oracle (keys, times, numbers). It
reads no data root: it is given the mapping as a dictionary and the files as bytes.

Where the contract is silent, the choice made here stands next to the code, with the
word "Choice".
"""

import csv
import io
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from fnmatch import fnmatchcase
from json import JSONDecodeError
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from oracle import BLANKS, in_last_line, instant_of, key_of, split_timestamp

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
STEP = re.compile(r"\.([^.\[\]]+)|\[([0-9]+)\]")
TABLES = ("draft", "link", "essay", "evaluation")
Row = dict[str, Any]
Place = tuple[str, str, str]
"""The source, the file and the position of a record."""


class Num(str):
    """A number with its text: 0.10 is not 0.1."""


class Unreadable(ValueError):
    """It is no record."""


class Document(NamedTuple):
    """A document of the four tables, as a link can name it."""

    source: str
    task_id: str
    model_id: str
    doc_id: str
    row_key: str


class Link(NamedTuple):
    """What a record names: by id, or by task and model; None is blank."""

    role: str
    position: int
    source: str
    id: str | None
    task_id: str | None
    model_id: str | None


@dataclass
class Record:
    """One record, and its place: a document, or the reason why it has none."""

    source: str
    file: str
    position: str
    kind: str = "generation"
    stage: str = "generation"
    record_id: str = ""
    has_own_id: bool = True
    task_id: str = ""
    combo_id: str = ""
    template_id: str = "none"
    model_id: str | None = None
    status: str | None = "success"
    timestamp: str | None = None
    created_at: str | None = None
    created_from: str = "none"
    prompt: str | None = None
    response: str | None = None
    score: float | None = None
    score_text: str | None = None
    links: list[Link] = field(default_factory=list)
    run: str | None = None
    meta: Row | None = None
    parser: str | None = None
    given: tuple[Any, ...] = ()
    reason: str | None = None
    targets: list[tuple[str, int, str]] = field(default_factory=list)
    logical_key_id: str | None = None
    doc_id: str | None = None
    parent_doc_id: str | None = None

    @property
    def place(self) -> Place:
        return self.source, self.file, self.position

    @property
    def row_key(self) -> str:
        return f"{self.source}:{self.record_id}"

    @property
    def raw(self) -> bytes | None:
        """Section 4: the response; of a score alone its words, else its number."""
        if self.response is not None:
            return self.response.encode()
        words = self.score_text
        if words is None and self.score is not None:
            words = written(self.score)
        return None if words is None else f"{words}\n".encode()

    @property
    def shown_score(self) -> float | None:
        """Section 4: the record's, else the number that a score parser found."""
        if self.score is None and self.parser == "in_last_line":
            parsed = in_last_line((self.raw or b"").decode())
            return None if parsed is None else float(parsed)
        return self.score


def written(number: float) -> str:
    """The shortest decimal that reads back as the double: a point, no exponent."""
    text = format(Decimal(repr(number)), "f")
    return text if "." in text else f"{text}.0"


# Rows ---------------------------------------------------------------------------------


def read_rows(name: str, data: bytes) -> Iterator[tuple[str, Row | None]]:
    """Section 5: the rows of a file by position; None is no record."""
    if name.endswith(".gz"):
        data, is_torn = unpacked(data)
    else:
        is_torn = False
    plain = name.removesuffix(".gz")
    kind = plain[plain.rindex(".") :]
    readers = {".jsonl": json_lines, ".json": json_elements, ".csv": csv_rows}
    yield from readers[kind](data, is_torn)


def unpacked(data: bytes) -> tuple[bytes, bool]:
    """What a gzip file holds up to where it is torn, and whether it is."""
    found, at = b"", 0
    while at < len(data):
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            while at < len(data) and not inflate.eof:
                found += inflate.decompress(data[at : at + 1])
                at += 1
        except zlib.error:
            return found, True
        if not inflate.eof:
            return found, True
        while data[at : at + 1] == b"\0":
            at += 1
    return found, False


def parse(text: str) -> Any:
    """The value of a JSON text whose numbers keep their text."""
    value, end = parse_at(text, 0)
    if text[end:].strip(BLANKS):
        raise Unreadable("more follows")
    return value


def parse_at(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at a place, and where it ends.

    Choice: a doubled key makes an object unreadable, for nobody knows which counts; and
    so do more than 200 lists and objects in one another, which not all can write again.
    """
    doubled = []

    def made(pairs: list[tuple[str, Any]]) -> Row:
        if len(dict(pairs)) < len(pairs):
            doubled.append(pairs)
        return dict(pairs)

    decoder = json.JSONDecoder(
        object_pairs_hook=made, parse_int=Num, parse_float=Num, parse_constant=Num
    )
    try:
        value, end = decoder.raw_decode(text, skip(text, start))
    except (JSONDecodeError, RecursionError) as error:
        raise Unreadable(str(error)) from None
    try:
        is_text = bool(compact(value).encode()) and not doubled and depth(value) <= 200
    except (UnicodeEncodeError, RecursionError):
        is_text = False
    return (value if is_text else None), end


def depth(value: Any) -> int:
    """How many lists and objects are in one another."""
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth, inner), default=0)


def skip(text: str, start: int) -> int:
    while start < len(text) and text[start] in BLANKS:
        start += 1
    return start


def compact(value: Any) -> str:
    """An object or list as its compact JSON text."""
    if isinstance(value, dict):
        return (
            "{" + ",".join(f"{compact(k)}:{compact(v)}" for k, v in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    if isinstance(value, Num):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def json_lines(data: bytes, is_torn: bool) -> Iterator[tuple[str, Row | None]]:
    """Each line that is not blank; what is left of a torn file is one row."""
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    torn = str(len(lines))
    if is_torn:
        del lines[-1]
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode().strip(BLANKS)
            if text:
                yield str(number), an_object(parse(text))
        except (UnicodeDecodeError, Unreadable):
            yield str(number), None
    if is_torn:
        yield torn, None


def an_object(value: Any) -> Row | None:
    return value if isinstance(value, dict) else None


def json_elements(data: bytes, is_torn: bool) -> Iterator[tuple[str, Row | None]]:
    """The elements of a list, or one object; what is broken is one row at the end."""
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    at, number = skip(text, 0), 1
    is_whole = False
    with suppress(Unreadable):
        if text[at : at + 1] != "[":
            value, at = parse_at(text, at)
            yield "1", an_object(value)
            number, is_whole = 2, True
        else:
            at = skip(text, at + 1)
            is_whole = text[at : at + 1] == "]"
            while not is_whole:
                value, at = parse_at(text, at)
                yield str(number), an_object(value)
                number, at = number + 1, skip(text, at)
                is_whole = text[at : at + 1] == "]"
                if not is_whole and text[at : at + 1] != ",":
                    raise Unreadable("no comma")
                at = at if is_whole else at + 1
            at += 1
    if not is_whole or text[at:].strip(BLANKS) or is_torn:
        yield str(number), None


def csv_rows(data: bytes, is_torn: bool) -> Iterator[tuple[str, Row | None]]:
    """The rows below the header. Choice: an empty value is none."""
    text = data.decode("utf-8-sig", "surrogateescape")
    if is_torn:
        text = text[: text.rfind("\n") + 1]
    records = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    number = 0
    while True:
        cells: list[str] | None
        try:
            cells = next(records)
        except StopIteration:
            break
        except csv.Error:
            cells = None
        if cells == []:
            continue
        if header is None:
            header = cells
            continue
        number += 1
        is_good = cells is not None and len(cells) == len(header)
        with suppress(UnicodeEncodeError):
            if is_good and cells is not None and "\n".join(cells).encode() is not None:
                pairs = zip(header, cells, strict=True)
                yield str(number), {name: cell or None for name, cell in pairs}
                continue
        yield str(number), None
    if is_torn:
        yield str(number + 1), None


# Values -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Around:
    """What values are taken from: a row, its file, and the element of `each`."""

    row: Row
    file: str
    element: Any = None
    number: int | None = None


def inside(value: Any) -> Any:
    """A text on the way is read as JSON, if it is JSON."""
    if isinstance(value, str) and not isinstance(value, Num):
        with suppress(Unreadable):
            return parse(value)
        return None
    return value


def walk(value: Any, path: str) -> Any:
    """Section 5: a path into a row; `[0]` is the first of a list (Choice).

    A name with dots that the row has as a whole is meant as a whole.
    """
    value = inside(value)
    if isinstance(value, dict) and path in value:
        return value[path]
    at, text = 0, f".{path}"
    while step := STEP.match(text, at):
        at = step.end()
        value = inside(value)
        name, number = step.groups()
        if name is not None and isinstance(value, dict):
            value = value.get(name)
        elif number is not None and isinstance(value, list):
            value = value[int(number)] if int(number) < len(value) else None
        else:
            return None
    return value if at == len(text) else None


def part_of(spec: str, around: Around) -> Any:
    """Section 5: the value of one part, as JSON has it."""
    if spec.startswith("="):
        return spec[1:].strip()
    if spec.startswith("file /"):
        found = re.search(spec[6:-1], around.file.rpartition("/")[2])
        return (found[1] or None) if found else None
    if spec in ("#", "#-1"):
        number = (around.number or 0) - (spec == "#-1")
        return Num(number) if number > 0 else None
    if spec == ".":
        return around.element
    if spec.startswith("."):
        return walk(around.element, spec[1:])
    return walk(around.row, spec)


def text_of(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else str(value)
    return compact(value)


def parts_of(spec: Any) -> list[str]:
    listed = spec if isinstance(spec, list) else [spec]
    return [each for each in listed[listed[:1] == ["optional"] :]]


def filled(text: str | None) -> str | None:
    """Blank is none; a text is not trimmed."""
    return text if text is not None and text.strip(BLANKS) else None


def whole(spec: Any, around: Around) -> str | None:
    """A text as it is. Choice: of a list, the parts that are there."""
    if spec is None:
        return None
    texts = [text_of(part_of(each, around)) for each in parts_of(spec)]
    if len(texts) == 1:
        return texts[0]
    return "/".join(text for text in texts if text and filled(text)) or None


def value_of(spec: Any, around: Around) -> str | None:
    return filled(whole(spec, around))


def id_of(spec: Any, around: Around) -> str | None:
    """Section 5: an id with a blank part is none."""
    if spec is None:
        return None
    texts = [filled(text_of(part_of(each, around))) for each in parts_of(spec)]
    return None if None in texts else "/".join(text for text in texts if text)


def number_of(text: str | None) -> float | None:
    """A finite number, or None."""
    bare = (text or "").strip(BLANKS)
    if not NUMBER.fullmatch(bare) or not math.isfinite(float(bare)):
        return None
    return float(bare)


def time_of(text: str, form: str, zone: str) -> str | None:
    """Section 5: a time in one of the forms, as created_at has it; None if it is none.

    The words of the tables' contract hold: a time is trimmed.
    """
    text = text.strip(BLANKS)
    try:
        if form in ("epoch", "epoch_ms"):
            if not NUMBER.fullmatch(text):
                return None
            seconds = Decimal(text) / (1000 if form == "epoch_ms" else 1)
            if not -62135596800 <= seconds < 253402300800:
                return None
            micros = int((seconds * 1000000).to_integral_value(ROUND_FLOOR))
            moment = datetime(1970, 1, 1) + timedelta(microseconds=micros)
        elif form == "iso":
            _, offset = split_timestamp(text)
            utc = instant_of(text)
            if offset or not utc or zone == "UTC":
                return utc or None
            moment = to_utc(datetime.fromisoformat(utc.removesuffix("Z")), zone)
        else:
            read = datetime.strptime(text, form)
            moment = to_utc(read, zone)
    except (ValueError, OverflowError):
        return None
    return moment.isoformat(timespec="microseconds") + "Z"


def to_utc(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC).replace(tzinfo=None)


# Records ------------------------------------------------------------------------------


def elements(
    row: Row, keys: Row, file: str, position: str
) -> Iterator[tuple[str, Any]]:
    """Section 5: the elements of `each`, one list within another."""
    lists = parts_of(keys.get("each", []))

    def below(around: Around, at: str, level: int) -> Iterator[tuple[str, Any]]:
        if level == len(lists):
            yield at, around
            return
        path = lists[level] if not level else "." + lists[level].removeprefix(".")
        found = part_of(path, around)
        if isinstance(found, str) and isinstance(inside(found), list):
            found = inside(found)
        if found is None or found == []:
            if keys.get("kind", "generation") == "generation":
                yield at, Around(row, file)
            return
        if not isinstance(found, list):
            raise Unreadable("no list")
        for number, element in enumerate(found, 1):
            inner = Around(row, file, element, number)
            yield from below(inner, f"{at}.{number}", level + 1)

    yield from list(below(Around(row, file), position, 0))


def is_wanted(keys: Row, around: Around) -> bool:
    """Section 5: rows that `where` does not name are no records."""
    for name, accepted in keys.get("where", {}).items():
        listed = accepted if isinstance(accepted, list) else [accepted]
        if text_of(part_of(name, around)) not in listed:
            return False
    return True


def record_of(source: str, keys: Row, position: str, around: Around) -> Record:
    """Section 2: the common shape of one record."""
    kind = keys.get("kind", "generation")
    stage = str(keys.get("stage", kind))
    record = Record(source, around.file, position, kind, stage)

    def taken(name: str) -> str | None:
        return value_of(keys.get(name), around)

    own_id = id_of(keys.get("id"), around)
    record.has_own_id = own_id is not None
    record.model_id = taken("model_id")
    record.prompt = whole(keys.get("prompt"), around)
    record.response = whole(keys.get("response"), around)
    record.run = taken("run_id")
    record.parser = keys.get("parser")
    record.status = status_of(keys.get("status"), around)
    record.timestamp, record.created_at, record.created_from = moment_of(
        keys.get("created_at"), around
    )
    score, words = taken("score"), taken("score_text")
    record.score = number_of(score)
    record.score_text = words or (score if record.score is None else None)
    record.links = list(links_of(source, keys, around))
    record.meta = kept(keys.get("keep", {}), around)
    ids = [taken(name) for name in ("task_id", "combo_id", "template_id")]
    record.given = (
        kind, *ids, record.model_id, record.status, record.timestamp, record.prompt,
        record.response, repr(record.score), record.score_text, tuple(record.links),
        record.run, compact(record.meta),
    )  # fmt: skip
    task, combo, template = ids
    record.record_id = own_id or ""
    by_prompt = None if record.prompt is None else key_of("task", record.prompt)
    record.task_id = task or by_prompt or ""
    record.combo_id = combo or ""
    record.template_id = template or "none"
    return record


def status_of(spec: Any, around: Around) -> str | None:
    if spec is None:
        return "success"
    asked = spec if isinstance(spec, dict) else {"from": spec}
    word = value_of(asked["from"], around)
    good = [each.lower() for each in asked.get("success", ["success"])]
    if word and word.strip(BLANKS).lower() in good:
        return "success"
    return "success (which is not in the list)" if word == "success" else word


def moment_of(spec: Any, around: Around) -> tuple[str | None, str | None, str]:
    """The time as given, as an instant, and how it is known.

    Choice: known by `row`; by `file` if only the file's name says it, by `run` if it is
    a constant.
    """
    if spec is None:
        return None, None, "none"
    asked = spec if isinstance(spec, dict) else {"from": spec}
    text = value_of(asked["from"], around)
    if text is None:
        return None, None, "none"
    parts = parts_of(asked["from"])
    origin = "row"
    if all(part.startswith("=") for part in parts):
        origin = "run"
    elif all(part.startswith(("=", "file /")) for part in parts):
        origin = "file"
    instant = time_of(text, asked.get("as", "iso"), asked.get("zone", "UTC"))
    return text, instant, origin


def links_of(source: str, keys: Row, around: Around) -> Iterator[Link]:
    """Section 5: a blank `follows` is none; a blank target names nothing."""
    asked = [("follows", 1, keys["follows"])] if "follows" in keys else []
    asked += [("target", n, to) for n, to in enumerate(keys.get("targets", []), 1)]
    for role, position, to in asked:
        task, model = (id_of(to.get(name), around) for name in ("task_id", "model_id"))
        if task is None or model is None:
            task = model = None
        named = id_of(to.get("id"), around)
        if role == "target" or named is not None or task is not None:
            yield Link(role, position, to.get("source", source), named, task, model)


def kept(spec: Any, around: Around) -> Row | None:
    """Section 5: what else is kept. Choice: what is null is left out."""
    if not isinstance(spec, dict):
        spec = {each.removeprefix(".") or "element": each for each in parts_of(spec)}
    found: Row = {}
    for name, value in spec.items():
        [*parts] = parts_of(value)
        if len(parts) == 1 and not parts[0].startswith(("=", "file /")):
            found[name] = strict(part_of(parts[0], around))
        else:
            found[name] = value_of(value, around)
    return {name: value for name, value in found.items() if value is not None} or None


def strict(value: Any) -> Any:
    """Choice: NaN and the infinities, which JSON has not, are kept as texts."""
    if isinstance(value, dict):
        return {name: strict(each) for name, each in value.items()}
    if isinstance(value, list):
        return list(map(strict, value))
    if isinstance(value, Num) and value in ("NaN", "Infinity", "-Infinity"):
        return str(value)
    return value


def files_of(keys: Row, files: Mapping[str, bytes]) -> list[str]:
    """The files of a source, by name."""
    patterns = parts_of(keys["files"])
    return sorted(name for name in files if any(fnmatchcase(name, p) for p in patterns))


def read_records(source: str, keys: Row, files: Mapping[str, bytes]) -> list[Record]:
    """All records of a source, in the order of its files."""
    records = []
    for file in files_of(keys, files):
        for position, row in read_rows(file, files[file]):
            try:
                if row is None:
                    raise Unreadable("no record")
                found = list(elements(row, keys, file, position))
            except Unreadable:
                reason = "unreadable_record"
                kind = keys.get("kind", "generation")
                stage = str(keys.get("stage", kind))
                records.append(
                    Record(source, file, position, kind, stage, reason=reason)
                )
                continue
            records += [
                record_of(source, keys, at, around)
                for at, around in found
                if is_wanted(keys, around)
            ]
    return records


# Places -------------------------------------------------------------------------------


def judge(records: list[Record]) -> None:
    """Section 3: the first reason that a record's own values give.

    Choice: as in the tables, only a record without a reason so far can be repeated: a
    call that failed may be asked again under its id.
    """
    seen: dict[str, list[tuple[Any, ...]]] = {}
    for record in records:
        if record.reason:
            continue
        values = (
            record.kind, record.task_id, record.combo_id, record.template_id,
            record.model_id, record.status, record.created_at, record.created_from,
            record.prompt, record.response, repr(record.score), record.score_text,
            tuple(record.links), compact(record.meta),
        )  # fmt: skip
        earlier = seen.get(record.record_id, [])
        if record.model_id is None:
            record.reason = "missing_key_columns"
        elif record.status != "success":
            record.reason = "not_successful"
        elif record.timestamp is not None and record.created_at is None:
            record.reason = "invalid_timestamp"
        elif values in earlier:
            record.reason = "duplicate_row"
        elif earlier:
            record.reason = "conflicting_record"
        elif record.raw is None:
            record.reason = "no_text"
        if record.reason in (None, "duplicate_row", "conflicting_record", "no_text"):
            seen.setdefault(record.record_id, []).append(values)


def resolve(records: list[Record], tables: list[Document], run_id: str) -> None:
    """Sections 3 and 4: what links name, and the keys that are made of it.

    Choice: by task and model, a record that waits for another one counts as one that
    fits, as an attempt does in the tables: else a document would change its parent
    when the other is mended.
    """
    attempts = [record for record in records if record.reason is None]
    named: dict[tuple[str, ...], list[Record | Document]] = {}
    for each in attempts:
        by_task = (each.source, each.task_id, str(each.model_id))
        named.setdefault((each.source, each.record_id), []).append(each)
        named.setdefault(by_task, []).append(each)
    for table_row in tables:
        by_task = (table_row.source, table_row.task_id, table_row.model_id)
        named.setdefault(by_task[:2], []).append(table_row)
        named.setdefault(by_task, []).append(table_row)
    waiting = attempts
    while True:
        left = []
        for record in waiting:
            found = []
            for link in record.links:
                asked = (link.source, link.id)
                if link.id is None:
                    asked = (link.source, link.task_id, link.model_id)  # type: ignore[assignment]
                fitting = named.get(asked, [])  # type: ignore[arg-type]
                if len(fitting) == 1 and fitting[0].doc_id:
                    found.append((link, fitting[0]))
            needs = len(record.links)
            if len(found) < needs or (record.kind == "judgement" and not needs):
                left.append(record)
                continue
            bases = [str(to.doc_id) for _, to in found] or [record.combo_id]
            record.parent_doc_id = found[0][1].doc_id if found else None
            record.targets = [
                (link.role, link.position, to.row_key) for link, to in found
            ]
            record.logical_key_id = key_of(
                record.stage, *bases, record.template_id, str(record.model_id)
            )
            record.doc_id = key_of(record.logical_key_id, run_id, record.row_key)
        if len(left) == len(waiting):
            break
        waiting = left
    for record in left:
        is_judge = record.kind == "judgement"
        record.reason = "unresolved_target" if is_judge else "unresolved_parent"


def expected(
    histories: Row,
    files: Mapping[str, bytes],
    made_ids: Mapping[Place, str],
    tables: list[Document] = [],  # noqa: B006
    run_id: str = "backfill",
) -> list[Record]:
    """Return every record of the mappings, in order, with its place.

    ``made_ids`` are the ids that the program made of the values of records without one,
    by their place: the contract does not say how the values are written there, so they
    are only checked to be the same for the same values, and others for others.
    """
    records = []
    for source, keys in histories["sources"].items():
        of_source = read_records(source, keys, files)
        name_by_values(of_source, made_ids)
        judge(of_source)
        records += of_source
    resolve(records, tables, run_id)
    return records


def name_by_values(records: list[Record], made_ids: Mapping[Place, str]) -> None:
    """Section 2: without an id, a record has one of its values, never of its place."""
    readable = [record for record in records if record.reason is None]
    made: dict[tuple[Any, ...], str] = {}
    for record in readable:
        own = made_ids.get(record.place)
        if not record.has_own_id and own:
            first = made.setdefault(record.given, own)
            assert own == first, f"{record.place}: two ids for the same values"
    assert len(set(made.values())) == len(made), "one id for different values"
    for record in readable:
        if not record.has_own_id:
            record.record_id = made.setdefault(record.given, f"? {record.place}")
        record.task_id = record.task_id or record.record_id
        record.combo_id = record.combo_id or record.task_id
