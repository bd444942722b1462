"""Read a YAML file as texts, with the line of each key and item.

Owns what a plain word means: texts stay texts, and what YAML would take for a number,
a truth value or a date is an `Unquoted`, with the text as it is in the file. A key that
is there twice is a fault. Makes no objects but lists, dictionaries and texts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

Place = tuple[str | int, ...]
_MOST_NODES = 100_000  # an alias may be repeated in aliases
_NULL, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:str"
_SYNTAX = "it is not YAML"


class Unquoted(str):
    """A plain word that YAML takes for a number, a truth value or a date."""

    __slots__ = ()


@dataclass(frozen=True, order=True)
class LineFault:
    """What is wrong in a line."""

    line: int
    words: str


@dataclass
class YamlText:
    """The content of a file: its value, the lines of its places, and its faults."""

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[LineFault] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """Return the line of a place, or of what is around it."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(text: str) -> YamlText:
    """Return the content of a YAML file; one that is no YAML has the fault alone."""
    read = YamlText()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        read.faults.append(LineFault(line, f"{_SYNTAX}: {error.problem}"))
        return read
    except yaml.YAMLError as error:
        read.faults.append(LineFault(1, f"{_SYNTAX}: {str(error).splitlines()[0]}"))
        return read
    except RecursionError:
        read.faults.append(LineFault(1, "it is nested too deeply"))
        return read
    if node is not None:
        read.value = _Values(read).value(node, ())
    return read


class _Values:
    def __init__(self, read: YamlText) -> None:
        self._read = read
        self._nodes = 0
        self._around: list[int] = []

    def value(self, node: yaml.Node, place: Place) -> Any:
        """Return the value of a node, and note the lines of all that is in it."""
        line = node.start_mark.line + 1
        self._read.lines.setdefault(place, line)
        self._nodes += 1
        if id(node) in self._around or self._nodes > _MOST_NODES:
            self._read.faults.append(LineFault(line, "an alias leads in a circle"))
            return None
        if isinstance(node, yaml.ScalarNode):
            return _word(node)
        self._around.append(id(node))
        if isinstance(node, yaml.MappingNode):
            found: Any = dict(self._members(node, place))
        else:
            items = enumerate(node.value)
            found = [self.value(item, (*place, number)) for number, item in items]
        self._around.pop()
        return found

    def _members(
        self, node: yaml.MappingNode, place: Place
    ) -> Iterator[tuple[str, Any]]:
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                fault = LineFault(line, "a list cannot be a key: write a word")
                self._read.faults.append(fault)
                continue
            key = str(key_node.value)
            if key in first:
                words = f"{key!r} is there already, in line {first[key]}: take one out"
                self._read.faults.append(LineFault(line, words))
                continue
            first[key] = line
            self._read.lines[(*place, key)] = line
            yield key, self.value(value_node, (*place, key))


def _word(node: yaml.ScalarNode) -> str | None:
    if node.tag == _NULL:
        return None
    text = str(node.value)
    return text if node.tag == _TEXT else Unquoted(text)
