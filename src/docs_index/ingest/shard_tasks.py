"""What a run asks of those that write shards, and what they answer.

They are processes of this machine (`pack_placer`), or the workers of an engine.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import duckdb

from docs_index.ingest.document_files import DocumentFiles
from docs_index.ingest.placer import Failed
from docs_index.packs.manifest import Shard


class ShardTask(NamedTuple):
    """The documents of a shard, by their write orders, which may be in any order."""

    stage: str
    write_orders: Sequence[int]


class Written(NamedTuple):
    """A shard, None if no document could be written, and those that could not be."""

    shard: Shard | None
    placed: int
    failed: list[Failed]


class ShardWriters(Protocol):
    """Others that may write the shards of the tables, such as an engine's workers."""

    def takes(self, db: duckdb.DuckDBPyConnection, file_bytes: int) -> bool:
        """Decide for a run whether they write so many bytes of new files.

        The build is attached to `db` as `build`.
        """

    def written(
        self, files: DocumentFiles, tasks: Iterable[ShardTask]
    ) -> Sequence[Written]:
        """Write shards, and return what became of each; all are on the disk then."""
