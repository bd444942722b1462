"""Read `histories.yml` and find the files of its sources, or say all its faults.

Owns what keys mean together, and the words for each fault: the line, what is wrong, and
what to write. Looks at the names of files, opens none of them, and writes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from docs_index.data_roots import HISTORIES
from docs_index.disk.confined import read_file
from docs_index.errors import DataRootError
from docs_index.layout import PACKS
from docs_index.paths import is_of_a_path, is_there
from docs_index.warehouse.histories.configuration import (
    RESERVED,
    TABLES,
    Link,
    MappingSource,
    Source,
    ToolSource,
    is_source_name,
)
from docs_index.warehouse.histories.engine_words import EngineWords
from docs_index.warehouse.histories.fault_words import (
    meant_keys,
    meant_name,
    unknown_key,
    words_of_fault,
)
from docs_index.warehouse.histories.history_file import suffix_of
from docs_index.warehouse.histories.source_paths import (
    PathFaultError,
    find_files,
    has_glob,
)
from docs_index.warehouse.histories.tool_files import DATABASES
from docs_index.warehouse.histories.values import OfFileName, Value
from docs_index.warehouse.histories.yaml_text import (
    LineFault,
    Place,
    YamlText,
    read_yaml,
)

_SHOWN = 10
_MOST_BYTES = 4 * 2**20
_TABLES_OF_FILES = (".csv", ".jsonl", ".json", ".parquet")
_PACKED = (".csv", ".jsonl", ".json", ".parquet")
SUFFIXES = {
    None: (*_TABLES_OF_FILES, *DATABASES),
    "inspect": (".json", ".eval"),
    "lm_eval": (".json", ".jsonl"),
    "llm": DATABASES,
    "promptfoo": (*DATABASES, ".json", ".jsonl"),
    "openai_batch": (".jsonl",),
    "mlflow": DATABASES,
}
"""What the files of each tool end with; of None, those of a mapping."""

_TIME_FORMS = ("iso", "epoch", "epoch_ms")


@dataclass(frozen=True)
class NamedSource:
    """A source of the file, with its line and the files that were found, by name.

    `unmatched` are the patterns of `files` that no file fits.
    """

    name: str
    number: int
    line: int
    keys: Source
    files: tuple[str, ...]
    unmatched: tuple[str, ...]


def read_histories(root: Path) -> list[NamedSource]:
    """Return the sources of a data root's `histories.yml`, none without that file.

    Raises:
        DataRootError: the file, or a path in it, cannot be meant; lists all faults.
        OSError: the machine failed.
    """
    path = root / HISTORIES
    if not is_there(path):
        return []
    read = read_yaml(_text(path))
    checker = _Checker(root, read)
    sources = checker.sources()
    faults = sorted(set(read.faults))
    if not faults:
        return sources
    shown = [f"  line {fault.line}: {fault.words}" for fault in faults[:_SHOWN]]
    if len(faults) > _SHOWN:
        shown.append(f"  ... and {len(faults) - _SHOWN} more")
    amount = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    raise DataRootError(
        "\n".join([f"{path} has {amount}; nothing was written:", *shown])
    )


def _text(path: Path) -> str:
    try:
        return read_file(path, at_most=_MOST_BYTES, follow=True).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataRootError(
            f"{path} is not UTF-8 (byte {error.start + 1}): save it as UTF-8"
        ) from error
    except OSError as error:
        if is_of_a_path(error):
            raise DataRootError(f"{path} is not a regular file") from error
        raise


class _Checker:
    def __init__(self, root: Path, read: YamlText) -> None:
        self._root = root
        self._read = read
        self._engine = EngineWords()
        self._names: Sequence[str] = ()

    def sources(self) -> list[NamedSource]:
        """Return the sources; what is wrong goes to the faults of the text."""
        given = self._read.value
        if self._read.faults and given is None:
            return []
        if not isinstance(given, dict):
            self._note((), "write `sources:`, and below it the sources by their names")
            return []
        for key in given:
            if key != "sources":
                self._note((key,), unknown_key(key, ("sources",)))
        named = given.get("sources")
        if not isinstance(named, dict) or not named:
            self._note(("sources",), "name a source below `sources:`")
            return []
        self._names = tuple(named)
        found = [
            self._source(name, number, keys)
            for number, (name, keys) in enumerate(named.items(), 1)
        ]
        return [source for source in found if source]

    def _note(self, place: Place, words: str) -> None:
        """Note a fault with its line, the source and the key."""
        key = _shown(place[1:])
        said = f"{key}: {words}" if key else words
        self._read.faults.append(LineFault(self._read.line(place), said))

    def _source(self, name: str, number: int, given: Any) -> NamedSource | None:
        place: Place = ("sources", name)
        if name in RESERVED:
            self._note(place, f"{name!r} names documents of the tables: take another")
        elif not is_source_name(name):
            self._note(
                place,
                f"{name!r} is no name of a source: a small letter, then at most 40 "
                "small letters, digits and underscores",
            )
        if not isinstance(given, dict):
            self._note(place, f"{name} has no keys: write `files:` and what else is so")
            return None
        keys = self._keys(place, given)
        if keys is None:
            return None
        if isinstance(keys, MappingSource):
            self._check_mapping(place, keys)
        self._check_stage(place, keys)
        files, unmatched = self._files(place, keys)
        line = self._read.line(place)
        return NamedSource(name, number, line, keys, tuple(files), tuple(unmatched))

    def _keys(self, place: Place, given: dict[str, Any]) -> Source | None:
        blanks = list(_blanks(given, place))
        for blank in blanks:
            self._note(blank, "it has no value: write one, or take the key out")
        if blanks:
            return None
        model = ToolSource if "tool" in given else MappingSource
        try:
            return model.model_validate(given)
        except ValidationError as error:
            faults = error.errors(include_url=False)
            meant = meant_keys(faults, model)
            for fault in faults:
                where = (*place, *fault["loc"])
                if fault["type"] == "missing" and where[-1] in meant:
                    continue  # it is said of the key that is there instead
                self._note(where, words_of_fault(fault, given, model))
            return None

    def _check_mapping(self, place: Place, keys: MappingSource) -> None:
        for words in _contradictions(keys):
            self._note((*place, words[0]), words[1])
        for field, value in keys.values():
            self._check_value((*place, *_place_of(field)), keys, value)
        for key in keys.where:
            if key.startswith((".", "#")) and not keys.each:
                self._note((*place, "where", key), _needs_each(key))
        links = [("follows", keys.follows)] if keys.follows else []
        links += [(f"targets.{n}", link) for n, link in enumerate(keys.targets, 1)]
        for field, link in links:
            self._check_link((*place, *_place_of(field)), link)
        if keys.created_at:
            self._check_moment((*place, "created_at"), keys)

    def _check_value(self, place: Place, keys: MappingSource, value: Value) -> None:
        if value.needs_element and not keys.each:
            self._note(place, _needs_each(value.written))
        for part in value.parts:
            if isinstance(part, OfFileName):
                fault = self._engine.fault_of_expression(part.expression)
                if fault:
                    words = f"/{part.expression}/ cannot be used: {fault}"
                    self._note(place, words)

    def _check_link(self, place: Place, link: Link) -> None:
        names = [name for name, _ in link.values()]
        if names not in (["id"], ["task_id", "model_id"]):
            words = "a link has `id`, or else `task_id` and `model_id`"
            self._note(place, f"{words}; here {_listed(names)}")
        known = (*self._names, *TABLES)
        if link.source is not None and link.source not in known:
            words = f"there is no source {link.source!r} in this file"
            self._note((*place, "source"), words + meant_name(link.source, known))

    def _check_moment(self, place: Place, keys: MappingSource) -> None:
        moment = keys.created_at
        assert moment is not None
        if moment.zone not in self._engine.zones:
            near = meant_name(moment.zone, sorted(self._engine.zones))
            words = f"{moment.zone!r} is no time zone{near or ': Europe/Berlin is one'}"
            self._note((*place, "zone"), words)
        if moment.as_ not in _TIME_FORMS:
            fault = self._engine.fault_of_format(moment.as_)
            if fault:
                self._note(
                    (*place, "as"),
                    f"{moment.as_!r} is no form of times ({fault}): write iso, epoch, "
                    "epoch_ms, or a strptime format such as '%Y-%m-%d %H:%M:%S'",
                )

    def _check_stage(self, place: Place, keys: Source) -> None:
        if keys.stage == PACKS:
            words = f"docs/{PACKS}/ is the folder of packed documents: name another"
            self._note((*place, "stage"), f"{words} stage")
        if isinstance(keys, ToolSource) or keys.stage is None:
            return
        is_generation = keys.kind == "generation"
        if keys.stage in (("evaluation",) if is_generation else ("draft", "essay")):
            other = "judgements" if is_generation else "generations"
            words = f"the stage {keys.stage} is of {other}, and this is a {keys.kind}"
            self._note((*place, "stage"), f"{words}: name another stage or kind")

    def _files(self, place: Place, keys: Source) -> tuple[Sequence[str], Sequence[str]]:
        """Return the files by name, and the patterns that no file fits."""
        found: dict[str, None] = {}
        unmatched: list[str] = []
        is_faulty = False
        for number, pattern in enumerate(keys.files):
            where = (*place, "files", number)
            try:
                names = find_files(self._root, pattern)
            except PathFaultError as error:
                self._note(where, str(error))
                is_faulty = True
                continue
            if not names and not has_glob(pattern):
                self._note(where, f"there is no file {pattern!r} in the data root")
                is_faulty = True
            elif not names:
                unmatched.append(pattern)
            found |= dict.fromkeys(names)
        if not found and not is_faulty:
            words = f"no file fits {_listed(keys.files)}: nothing would be read"
            self._note((*place, "files"), words)
        tool = keys.tool if isinstance(keys, ToolSource) else None
        for name in found:
            if fault := _fault_of_suffix(name, tool):
                self._note((*place, "files"), fault)
        if isinstance(keys, MappingSource) and found:
            self._check_query(place, keys, list(found))
        return sorted(found), unmatched

    def _check_query(
        self, place: Place, keys: MappingSource, files: Sequence[str]
    ) -> None:
        are_databases = {suffix_of(name) in DATABASES for name in files}
        if True in are_databases and not keys.query:
            words = "a database needs `query:`, a select whose rows are the records"
            self._note((*place, "files"), words)
        if False in are_databases and keys.query is not None:
            words = "`query` is for databases (.db, .sqlite), and other files are read"
            self._note((*place, "query"), f"{words} too: take it out")


def _shown(place: Place) -> str:
    """Return a place as people write it: `answers.targets[0].id`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).strip(".")


def _blanks(given: Any, place: Place) -> Iterator[Place]:
    """Yield the places of keys that have no value; in `where`, that means something."""
    for key, value in given.items() if isinstance(given, dict) else ():
        if value is None:
            yield (*place, key)
        elif key != "where":
            yield from _blanks(value, (*place, key))


def _contradictions(keys: MappingSource) -> Iterator[tuple[str, str]]:
    """Yield what keys say against each other, each with the key that it is about."""
    if keys.kind == "judgement" and not keys.targets:
        yield "kind", "a judgement needs `targets`, the records that it judges"
    if keys.kind == "judgement" and keys.follows:
        yield "follows", "a judgement follows nothing: name what it judges in `targets`"
    if keys.kind == "generation" and keys.targets:
        yield (
            "targets",
            "a generation has no targets: write `kind: judgement`, or `follows`",
        )
    if not (keys.response or keys.score or keys.score_text):
        yield "", "name the `response`, or the `score` of records that have no text"


def _fault_of_suffix(name: str, tool: str | None) -> str | None:
    suffix, known = suffix_of(name), SUFFIXES[tool]
    is_packed = name.lower().endswith(".gz")
    if suffix not in known:
        whose = f"files of {tool}" if tool else "files of a mapping"
        return f"{name!r} cannot be read: {whose} end with {', '.join(known)}"
    if is_packed and suffix not in _PACKED:
        return f"{name!r} is compressed: unpack it first"
    return None


def _needs_each(written: str) -> str:
    return f"{written!r} is of an element, and there is no `each`: name the list there"


def _place_of(field: str) -> Place:
    """Return where a field is in a source: `targets.1.id` is the first of a list."""
    first, *rest = (
        field.split(".", 1) if field.startswith("keep.") else field.split(".")
    )
    if first == "targets" and rest:
        return (first, int(rest[0]) - 1, *rest[1:])
    return (first, *rest)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none of them"
