"""Judge the header of a CSV file by the columns that its readers know.

Owns what counts as a missing column, and as a name that is nearly a known one: read as
blank, either would give rows a false lineage. Reads and writes no file. Contract:
section 2 of docs/rules.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

MAX_COLUMNS = 10_000  # DuckDB's time grows with the square of their number
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"  # no blanks for Python
_LONGEST_LIST = 300  # characters of the names that a message lists


@dataclass(frozen=True)
class Columns:
    """The columns that a reader knows; without any, it takes all as they are.

    A file with rows must have one column of each group of `required`.
    """

    known: Sequence[str] = ()
    required: Sequence[Sequence[str]] = ()

    @classmethod
    def of_source(cls, meta: Mapping[str, Any]) -> Self:
        """Return the `columns` and `required` of a source's `meta`."""
        return cls(meta["columns"], meta.get("required", ()))

    def faults(self, header: Sequence[str], *, has_rows: bool) -> list[str]:
        """Return what is wrong with a header, in words that begin with its line."""
        if not header:
            return ["line 1: there is no header line, the file is empty"]
        if len(header) > MAX_COLUMNS:
            return [f"line 1: has {len(header)} columns, more than {MAX_COLUMNS}"]
        faults = [*_twins(header), *self._near_misses(header)]
        if has_rows:
            faults += self._missing(header)
        return [f"line 1: {fault}" for fault in faults]

    def named_in(self, names: Sequence[str]) -> int:
        """Return how many names are those of known columns, or nearly so."""
        known = set(map(_folded, self.known))
        return sum(_folded(name) in known for name in names)

    def _near_misses(self, header: Sequence[str]) -> Iterator[str]:
        known = {_folded(name): name for name in self.known}
        for name in header:
            meant = known.get(_folded(name))
            if meant is not None and name not in self.known:
                yield (
                    f"column {name!r} is not {meant!r}, so its values would count as "
                    f"blank: rename it to {meant!r}, or to another name"
                )

    def _missing(self, header: Sequence[str]) -> Iterator[str]:
        found = set(map(_folded, header))
        listed = ", ".join(map(repr, header))[:_LONGEST_LIST]
        for group in self.required:
            if found.isdisjoint(map(_folded, group)):
                due = " or ".join(map(repr, group))
                yield f"there is no column {due}; found {listed}"
                listed = "the same"


def _twins(header: Sequence[str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name in header:
        twin = seen.get(name.casefold())
        if twin is not None:
            yield f"columns {twin!r} and {name!r} have the same name"
        seen[name.casefold()] = name


def _folded(name: str) -> str:
    """Return a name without its case, and without blanks around it."""
    bare = name.strip()
    while bare != (barer := bare.strip(_INVISIBLE).strip()):
        bare = barer
    return bare.casefold()
