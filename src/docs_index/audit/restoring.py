"""What restoring directories and shards have in common: the words of both.

A place is what there is of one document now. A plan says what it lacks. A store puts
that back, each in its own way. Touches no file.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

Contents = dict[str, bytes]


class Wanted(NamedTuple):
    """A row of restore_wanted.sql; `shard` is the one that the document belongs in.

    It is None for a directory, and where no shard that there was may have it.
    """

    doc_id: str
    doc_dir: str
    parser: str | None
    status: str
    raw_bytes: int
    raw_chars: int
    parsed_chars: int | None
    content_hash: str
    folder: str
    response_file: str | None
    file: str | None
    row_key: str
    prompt_file: str | None
    metadata_text: str
    is_proved: bool
    shard: str | None


class Restored(NamedTuple):
    """Something that is put back, or cannot be; docs/verifying.md describes its JSON.

    It is a document, or, where `doc_id` is None, a shard or the manifest of shards.
    `missing` and `damaged` are the files that are put back; a link or a file in the
    place of the directory has the doc_id as its name. `source` is where raw.txt is
    taken from, and `moved_to` the folder that damaged files were moved to. `problem`
    says what cannot be put back, and why. Paths are relative to the data root.
    """

    doc_id: str | None
    path: str
    missing: list[str]
    damaged: list[str]
    source: str | None
    moved_to: str | None
    problem: str | None


class Place(Protocol):
    """What there is of a document."""

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, None if it is missing, or is not a regular file."""

    def has(self, name: str) -> bool:
        """Tell whether something has this name, of whatever kind."""

    @property
    def is_displaced(self) -> bool:
        """Whether something else is where the document should be."""


Plan = Callable[[Wanted, Place], tuple[Restored, Contents]]
"""Says what is wrong with a document, and gives the files that it lacks."""


class Store(Protocol):
    """The documents of a data root, as directories or as rows of shards."""

    def restored(self, wanted: Iterable[Wanted], plan: Plan) -> Iterator[Restored]:
        """Put back what is planned, if that is asked for; yield what is wrong.

        Raises:
            OSError, StorageError: the machine failed; another call completes the work.
        """


def untouched(found: Restored, problem: str) -> Restored:
    """Return what was found, of which nothing is put back."""
    return found._replace(missing=[], damaged=[], problem=problem)
