"""Guess the mapping of a file from the names and values in its first rows.

Owns the guesses, and the words with which a draft says that they are some. It proposes
no name that the rows do not have; what it cannot tell is left to a comment.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from docs_index.warehouse.histories.json_values import Number, text_of

_NAMES: Mapping[str, Sequence[str]] = {
    "task_id": (
        "task_id", "question_id", "task", "topic", "doc_id", "prompt_id", "example_id",
        "item_id", "custom_id",
    ),
    "template_id": ("template_id", "template", "prompt_name"),
    "model_id": (
        "model_id", "model", "model_name", "model.name", "model.id", "generator",
        "engine", "response.model", "response.body.model",
    ),
    "run_id": ("run_id", "run", "experiment_id", "experiment"),
    "prompt": (
        "prompt", "question", "instruction", "user_prompt", "input", "query", "ask",
    ),
    "response": (
        "response", "output", "answer", "completion", "text", "generation", "content",
        "reply", "response_text", "response.text", "judgment", "judgement",
    ),
    "status": ("status", "state"),
    "created_at": (
        "created_at", "timestamp", "tstamp", "created", "datetime", "time", "date",
        "when", "at", "asked_at", "ts",
    ),
}  # fmt: skip
"""The names that a field usually has, the likeliest first."""

_IDS = ("id", "uuid", "record_id", "answer_id", "response_id", "custom_id")
_SCORES = ("score", "points", "rating", "grade", "label", "stars", "verdict", "marks")
_JUDGES = ("judge", "rater", "grader", "annotator", "evaluator", "reviewer")
_REASONS = (
    "judgment", "judgement", "reason", "explanation", "rationale", "remark", "comment",
    "feedback", *_NAMES["response"],
)  # fmt: skip
_JUDGED = (
    "target_id", "target", "answer_id", "answer", "response_id", "output_id", "text_id",
    "generation_id", "completion_id", "sample_id",
)  # fmt: skip
_FORMS = (
    "%Y-%m-%d %H:%M:%S %Z", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y%m%d_%H%M%S",
)  # fmt: skip
_REFERENCE = re.compile(r"[A-Za-z]{1,12}[-_:]?\d{1,12}|[A-Za-z0-9_-]{16,}")
_NO_TEXTS = ("true", "false", "yes", "no", "on", "off", "null", "optional")
_SHORT = 40  # characters of an id, or of the words of a score
_DEEP = 2  # keys above the last one of a path


@dataclass
class _Rows:
    """Rows that differ, and the values of each column or path in them."""

    rows: list[Any]
    values: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = list({repr(row): row for row in self.rows}.values())
        for row in self.rows:
            if isinstance(row, dict):
                self._note(row, "")

    def _note(self, row: Mapping[str, Any], above: str) -> None:
        for key, value in row.items():
            if isinstance(value, dict) and above.count(".") < _DEEP:
                self._note(value, f"{above}{key}.")
            elif key and value is not None and not isinstance(value, list | dict):
                self.values.setdefault(f"{above}{key}", []).append(value)

    def named(self, names: Iterable[str]) -> list[str]:
        """Return the columns of these names that are there, in the order of names."""
        by_lower = {name.lower(): name for name in reversed(self.values)}
        return [by_lower[name] for name in names if name in by_lower]

    def texts(self, name: str) -> list[str]:
        """Return the values of a column as texts."""
        return [
            each if type(each) is str else str(text_of(each))
            for each in self.values[name]
        ]

    def is_id(self, name: str) -> bool:
        """Whether all rows have the column, and all another value, as ids are."""
        texts = self.texts(name)
        is_short = all(len(text) <= 2 * _SHORT and not text.isspace() for text in texts)
        return is_short and len(set(texts)) == len(self.rows) and all(texts)

    def is_text(self, name: str) -> bool:
        """Whether it has texts of several words, or long ones."""
        if any(type(each) is not str for each in self.values[name]):
            return False
        return any(
            len(text) > _SHORT or re.search(r"\S\s+\S", text)
            for text in self.texts(name)
        )

    def is_word(self, name: str) -> bool:
        """Whether all values are short and without blanks, as references are."""
        return all(re.fullmatch(r"\S{1,80}", text) for text in self.texts(name))

    def is_reference(self, name: str) -> bool:
        """Whether all values look like ids of something, such as `a-101`."""
        return all(map(_REFERENCE.fullmatch, self.texts(name)))

    def is_score(self, name: str) -> bool:
        """Whether most values are numbers, or few short words come again and again."""
        texts = self.texts(name)
        numbers = sum(_is_number(text) for text in texts)
        is_short = all(len(text) <= _SHORT for text in texts)
        few = len(set(texts)) * 2 <= len(texts)
        return is_short and (numbers * 2 > len(texts) or few)


@dataclass
class _List:
    """A list in rows that may hold the records: its keys, and its elements."""

    keys: tuple[str, ...]
    elements: list[Any]
    is_only: bool  # no outer list has more than one element


def guessed_mapping(
    rows: Sequence[Mapping[str, Any]], sources: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the lines of a mapping; what is not sure is said in a comment.

    `sources` are the names of those that are there already.
    """
    yield "  # guessed from names: look at each, then run docs-index history check"
    of_row = _Rows(list(rows))
    found = _list_of_records(of_row)
    if found is None:
        yield from _Guess(of_row, None, None, sources).lines()
    else:
        yield from _Guess(of_row, _Rows(found.elements), found, sources).lines()


def _list_of_records(rows: _Rows) -> _List | None:
    """Return the list that has the texts, if the rows themselves have none by name."""
    if _has_response(rows):
        return None
    lists = [each for each in _lists(rows.rows, ()) if _has_text(each.elements)]
    return lists[0] if lists else None


def _lists(rows: Sequence[Any], above: tuple[str, ...]) -> Iterator[_List]:
    """Yield the lists in rows and in their objects, then those in their elements."""
    by_key: dict[str, list[list[Any]]] = {}
    for row in rows:
        for key, value in row.items() if isinstance(row, dict) else ():
            if isinstance(value, list) and value:
                by_key.setdefault(key, []).append(value)
    for key, values in by_key.items():
        elements = [element for value in values for element in value]
        is_only = all(len(value) == 1 for value in values)
        yield _List((*above, key), elements, is_only=True)
        if not above:
            for inner in _lists(elements, (key,)):
                yield _List(inner.keys, inner.elements, is_only)


def _has_text(elements: Sequence[Any]) -> bool:
    if all(type(each) is str for each in elements):
        return any(len(each) > _SHORT or " " in each for each in elements)
    if not all(isinstance(each, dict) for each in elements):
        return False
    rows = _Rows(list(elements))
    return _has_response(rows)


def _has_response(rows: _Rows) -> bool:
    return any(_is_response(rows, name) for name in rows.named(_NAMES["response"]))


def _is_chat(rows: _Rows) -> bool:
    return {"role", "content"} <= set(rows.values)


class _Guess:
    def __init__(
        self,
        rows: _Rows,
        elements: _Rows | None,
        each: _List | None,
        sources: Sequence[str],
    ) -> None:
        self._rows = rows
        self._elements = elements
        self._each = each
        self._sources = sources
        self._taken: set[str] = set()

    def lines(self) -> Iterator[str]:
        """Yield the lines, those that are sure first."""
        judged = self._judgement() if self._each is None else None
        if judged:
            yield from judged
        if self._each:
            yield from self._each_lines(self._each)
        yield from self._id_lines()
        yield from self._field("task_id")
        yield from self._field("template_id")
        yield from self._model_lines(is_judged=bool(judged))
        yield from self._field("run_id")
        yield from self._field("prompt")
        yield from self._response_lines(is_judged=bool(judged))
        if not judged:
            fits = _Rows.is_score
            found = self._find(("score", "rating", "grade"), fits)
            yield from self._line("score", found) if found else ()
        yield from self._time_lines()
        yield from self._status_lines()
        rest = [name for name in self._rows.values if name not in self._taken]
        rest += [
            f".{name}"
            for name in (self._elements.values if self._elements else ())
            if f".{name}" not in self._taken
        ]
        if rest:
            yield f"  # keep: [{', '.join(map(quoted, rest))}]"

    def _each_lines(self, each: _List) -> Iterator[str]:
        keys = ", ".join(map(quoted, each.keys))
        yield f"  each: {keys if len(each.keys) == 1 else f'[{keys}]'}"
        if self._elements and _is_chat(self._elements):
            self._taken.add(".role")
            roles = dict.fromkeys(self._elements.texts("role"))
            yield "  where: {.role: assistant}"
            yield f"  # the roles are {', '.join(roles)}; no path leads to a prompt"

    def _id_lines(self) -> Iterator[str]:
        if self._elements:
            known = self._elements.named(_IDS)
            if own := next(filter(self._elements.is_id, known), None):
                self._taken.add(f".{own}")
                yield f"  id: {quoted(f'.{own}')}"
                return
        name = self._id(self._taken)
        if name is None or (self._each and not self._each.is_only):
            yield "  # no column is an id of each record: one is made of all values"
            return
        self._taken.add(name)
        if self._each is None:
            yield f"  id: {quoted(name)}"
            return
        yield f'  id: [{quoted(name)}, "#"]'
        if self._elements and not _is_chat(self._elements):
            yield "  # if each of them follows the one before:"
            yield f'  # follows: {{id: [{quoted(name)}, "#-1"]}}'
        task = next(iter(self._rows.named(_NAMES["task_id"])), name)
        self._taken |= {task, "task_id"}
        yield f'  task_id: [{quoted(task)}, "#"]'
        yield f"  combo_id: {quoted(task)}"

    def _id(self, taken: Collection[str]) -> str | None:
        """Return the column that is the record's own id, if there is one."""
        rows = self._rows
        ending = [
            name for name in rows.values if re.search(r"(?i)(^|[^a-z])id$|uuid$", name)
        ]
        tasks = rows.named(_NAMES["task_id"])
        likely = [*rows.named(_IDS), *(name for name in ending if name not in tasks)]
        free = (name for name in (*likely, *tasks) if name not in taken)
        if found := next(filter(rows.is_id, free), None):
            return found
        first = next(iter(rows.values), None)
        if first is None or first in taken or len(rows.rows) == 1:
            return None
        return first if rows.is_id(first) and rows.is_word(first) else None

    def _judgement(self) -> list[str] | None:
        """Return the lines of a judgement, if the rows look like some."""
        rows = self._rows
        scores = [name for name in rows.named(_SCORES) if rows.is_score(name)]
        if not scores:
            return None
        judges = rows.named(_JUDGES) + self._lists_of_judges()
        target = self._target()
        is_by_task = bool(judges and rows.named(_NAMES["model_id"]))
        if target is None and not is_by_task:
            return None
        lines = ["  kind: judgement"]
        if target:
            self._taken.add(target)
            link = f"id: {quoted(target)}"
        else:
            task = next(iter(rows.named(_NAMES["task_id"])), None)
            if task is None:
                return None
            model = rows.named(_NAMES["model_id"])[0]
            self._taken |= {task, model}
            link = f"task_id: {quoted(task)}, model_id: {quoted(model)}"
        source = self._source_of(target)
        if source:
            lines.append("  # guessed: the source of the texts that are judged")
            lines.append(f"  targets: [{{source: {source}, {link}}}]")
        else:
            lines.append("  # name the source of the texts that are judged:")
            lines.append(f"  # targets: [{{source: NAME, {link}}}]")
        self._taken.add(scores[0])
        lines.append(f"  score: {quoted(scores[0])}")
        return lines

    def _lists_of_judges(self) -> list[str]:
        """Return paths to the first of a list of judges, as FastChat has it."""
        return [
            f"{name}[0]"
            for name in _JUDGES
            if any(isinstance(row.get(name), list) for row in self._rows.rows)
        ]

    def _target(self) -> str | None:
        """Return the column that names what is judged, and not the record itself."""
        rows = self._rows
        ending = [name for name in rows.values if re.search(r"(?i)_id$", name)]
        named = [name for name in ending if self._source_named(name)]
        for name in dict.fromkeys([*rows.named(_JUDGED), *named]):
            is_own = rows.is_id(name) and self._id({name}) is None
            if rows.is_word(name) and not is_own:
                return name
        return None

    def _source_named(self, name: str) -> str | None:
        """Return the source that a column's name means: `answers` of `answer_id`."""
        stem = re.sub(r"(?i)_?(id|uuid)$", "", name).lower().rstrip("s")
        starting = (each for each in self._sources if stem and each.startswith(stem))
        return next(starting, None)

    def _source_of(self, target: str | None) -> str | None:
        named = self._source_named(target) if target else None
        only = self._sources[0] if len(self._sources) == 1 else None
        return named or only

    def _model_lines(self, *, is_judged: bool) -> Iterator[str]:
        if is_judged:
            names = self._rows.named(_JUDGES) or self._lists_of_judges()
            if names:
                self._taken.add(names[0])
                yield f"  model_id: {names[0] if '[' in names[0] else quoted(names[0])}"
                return
        lines = list(self._field("model_id"))
        if not lines:
            yield "  # no column names the model, and each record needs one:"
            yield "  # model_id: = NAME"
        yield from lines

    def _response_lines(self, *, is_judged: bool) -> Iterator[str]:
        elements = self._elements
        if elements is not None and not elements.values:  # texts
            yield "  response: ."
            return
        names = _REASONS if is_judged else _NAMES["response"]
        found = self._find(names, _Rows.is_text)
        if found is None and not is_judged:
            found = self._find(names, _is_response) or self._longest()
        if found:
            yield from self._line("response", found)
        elif not is_judged:
            yield "  # nothing looks like a text that came back; name it:"
            yield "  # response: NAME"

    def _time_lines(self) -> Iterator[str]:
        name = self._find(_NAMES["created_at"])
        if name is None:
            return
        values = self._values(name)
        written = self._optional(name)
        form = _form(values)
        if form is None:
            yield f"  # {name} has times such as {json.dumps(str(values[0]))}; say how:"
            yield f"  # created_at: {{from: {quoted(name)}, as: FORMAT}}"
            return
        yield from self._note_of(name)
        yield f"  created_at: {{from: {written}, as: {form}}}"

    def _status_lines(self) -> Iterator[str]:
        name = self._find(_NAMES["status"])
        if name is not None:
            words = ", ".join(sorted(set(map(str, self._values(name))))[:5])
            yield (
                f"  # status: {{from: {self._optional(name)}, success: [...]}}  "
                f"# it has: {words}"
            )

    def _field(self, name: str) -> Iterator[str]:
        if name in self._taken:
            return
        found = self._find(_NAMES[name])
        if found:
            yield from self._line(name, found)

    def _find(
        self, names: Sequence[str], fits: Callable[[_Rows, str], bool] | None = None
    ) -> str | None:
        """Return the first of these names that is free: of an element before a row."""
        for rows, dot in ((self._elements, "."), (self._rows, "")):
            for name in rows.named(names) if rows else ():
                is_free = f"{dot}{name}" not in self._taken
                if is_free and rows and (fits is None or fits(rows, name)):
                    self._taken.add(f"{dot}{name}")
                    return f"{dot}{name}"
        return None

    def _longest(self) -> str | None:
        """Return the column with the longest text of several words."""
        for rows, dot in ((self._elements, "."), (self._rows, "")):
            free = [
                name
                for name in (rows.values if rows else ())
                if f"{dot}{name}" not in self._taken and rows and rows.is_text(name)
            ]
            if free and rows:
                longest = max(free, key=lambda each: max(map(len, rows.values[each])))
                self._taken.add(f"{dot}{longest}")
                return f"{dot}{longest}"
        return None

    def _line(self, name: str, found: str) -> Iterator[str]:
        yield from self._note_of(found)
        yield f"  {name}: {self._optional(found)}"

    def _values(self, found: str) -> list[Any]:
        is_inner = found.startswith(".") and self._elements is not None
        rows = self._elements if is_inner and self._elements else self._rows
        return rows.values[found.removeprefix(".") if is_inner else found]

    def _amount(self, found: str) -> int:
        is_inner = found.startswith(".") and self._elements is not None
        rows = self._elements if is_inner and self._elements else self._rows
        return len(rows.rows)

    def _note_of(self, found: str) -> Iterator[str]:
        there, amount = len(self._values(found)), self._amount(found)
        if there < amount:
            yield f"  # {there} of the first {amount} have it"

    def _optional(self, found: str) -> str:
        is_whole = len(self._values(found)) == self._amount(found)
        return quoted(found) if is_whole else f"[optional, {quoted(found)}]"


def _is_response(rows: _Rows, name: str) -> bool:
    return name.lower() not in _JUDGED or not rows.is_reference(name)


def _form(values: Sequence[Any]) -> str | None:
    """Return how times are written; None if that is not known."""
    first = values[0]
    if isinstance(first, Number) or re.fullmatch(r"\d{9,}(\.\d+)?", str(first)):
        return "epoch_ms" if float(first) > 1e11 else "epoch"
    if re.match(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d|$)|\d{8}T\d{4}", str(first)):
        return "iso"
    return next((json.dumps(form) for form in _FORMS if _all_parse(values, form)), None)


def _all_parse(values: Sequence[Any], form: str) -> bool:
    try:
        for each in values:
            datetime.strptime(str(each), form)
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def quoted(name: str) -> str:
    """Return a column's name as YAML has it."""
    is_plain = re.fullmatch(r"\.?[A-Za-z_][A-Za-z0-9_.]*", name)
    is_text = is_plain and name.lower() not in _NO_TEXTS
    return name if is_text else json.dumps(name, ensure_ascii=False)
