"""Guess the mapping of a file from the names and values in its first rows.

Owns the guesses, and the words with which a draft says that they are some. It proposes
no name that the rows do not have; what it cannot tell is left to a comment.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docs_index.warehouse.histories.sampled_rows import (
    SHORT,
    SampledRows,
    time_form,
)
from docs_index.warehouse.histories.usual_names import (
    IDS,
    JUDGED,
    JUDGES,
    NAMES,
    REASONS,
    SCORES,
)

_NO_TEXTS = ("true", "false", "yes", "no", "on", "off", "null", "optional")


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
    of_row = SampledRows(list(rows))
    found = _list_of_records(of_row)
    if found is None:
        yield from _Guess(of_row, None, None, sources).lines()
    else:
        yield from _Guess(of_row, SampledRows(found.elements), found, sources).lines()


def _list_of_records(rows: SampledRows) -> _List | None:
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
        return any(len(each) > SHORT or " " in each for each in elements)
    if not all(isinstance(each, dict) for each in elements):
        return False
    rows = SampledRows(list(elements))
    return _has_response(rows)


def _has_response(rows: SampledRows) -> bool:
    return any(_is_response(rows, name) for name in rows.named(NAMES["response"]))


def _is_chat(rows: SampledRows) -> bool:
    return {"role", "content"} <= set(rows.values)


class _Guess:
    def __init__(
        self,
        rows: SampledRows,
        elements: SampledRows | None,
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
            fits = SampledRows.is_score
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
            known = self._elements.named(IDS)
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
        task = next(iter(self._rows.named(NAMES["task_id"])), name)
        self._taken |= {task, "task_id"}
        yield f'  task_id: [{quoted(task)}, "#"]'
        yield f"  combo_id: {quoted(task)}"

    def _id(self, taken: Collection[str]) -> str | None:
        """Return the column that is the record's own id, if there is one."""
        rows = self._rows
        ending = [
            name for name in rows.values if re.search(r"(?i)(^|[^a-z])id$|uuid$", name)
        ]
        tasks = rows.named(NAMES["task_id"])
        likely = [*rows.named(IDS), *(name for name in ending if name not in tasks)]
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
        scores = [name for name in rows.named(SCORES) if rows.is_score(name)]
        if not scores:
            return None
        judges = rows.named(JUDGES) + self._lists_of_judges()
        target = self._target()
        is_by_task = bool(judges and rows.named(NAMES["model_id"]))
        if target is None and not is_by_task:
            return None
        lines = ["  kind: judgement"]
        if target:
            self._taken.add(target)
            link = f"id: {quoted(target)}"
        else:
            task = next(iter(rows.named(NAMES["task_id"])), None)
            if task is None:
                return None
            model = rows.named(NAMES["model_id"])[0]
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
            for name in JUDGES
            if any(isinstance(row.get(name), list) for row in self._rows.rows)
        ]

    def _target(self) -> str | None:
        """Return the column that names what is judged, and not the record itself."""
        rows = self._rows
        ending = [name for name in rows.values if re.search(r"(?i)_id$", name)]
        named = [name for name in ending if self._source_named(name)]
        for name in dict.fromkeys([*rows.named(JUDGED), *named]):
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
            names = self._rows.named(JUDGES) or self._lists_of_judges()
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
        names = REASONS if is_judged else NAMES["response"]
        found = self._find(names, SampledRows.is_text)
        if found is None and not is_judged:
            found = self._find(names, _is_response) or self._longest()
        if found:
            yield from self._line("response", found)
        elif not is_judged:
            yield "  # nothing looks like a text that came back; name it:"
            yield "  # response: NAME"

    def _time_lines(self) -> Iterator[str]:
        name = self._find(NAMES["created_at"])
        if name is None:
            return
        values = self._values(name)
        written = self._optional(name)
        form = time_form(values)
        if form is None:
            yield f"  # {name} has times such as {json.dumps(str(values[0]))}; say how:"
            yield f"  # created_at: {{from: {quoted(name)}, as: FORMAT}}"
            return
        yield from self._note_of(name)
        yield f"  created_at: {{from: {written}, as: {form}}}"

    def _status_lines(self) -> Iterator[str]:
        name = self._find(NAMES["status"])
        if name is not None:
            words = ", ".join(sorted(set(map(str, self._values(name))))[:5])
            yield (
                f"  # status: {{from: {self._optional(name)}, success: [...]}}  "
                f"# it has: {words}"
            )

    def _field(self, name: str) -> Iterator[str]:
        if name in self._taken:
            return
        found = self._find(NAMES[name])
        if found:
            yield from self._line(name, found)

    def _find(
        self,
        names: Sequence[str],
        fits: Callable[[SampledRows, str], bool] | None = None,
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


def _is_response(rows: SampledRows, name: str) -> bool:
    return name.lower() not in JUDGED or not rows.is_reference(name)


def quoted(name: str) -> str:
    """Return a column's name as YAML has it."""
    is_plain = re.fullmatch(r"\.?[A-Za-z_][A-Za-z0-9_.]*", name)
    is_text = is_plain and name.lower() not in _NO_TEXTS
    return name if is_text else json.dumps(name, ensure_ascii=False)
