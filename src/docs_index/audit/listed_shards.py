"""Tell which shards a data root has, also where its manifest is damaged.

A line may be lost, and a manifest may be damaged; then the shards on disk tell what it
must say: the name of each has the beginning of its SHA-256. Only reads.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from docs_index.errors import StorageError
from docs_index.layout import Layout
from docs_index.packs.manifest import Shard, look_at_manifest, unlisted_files
from docs_index.packs.shard_file import ShardFile, shard_on_disk
from docs_index.paths import is_there


@dataclass(frozen=True)
class ListedShards:
    """The shards of a data root.

    `shards` are those of the manifest's right lines, and `regained` those on disk that
    it must name too. `fault` says what is wrong with the manifest. `damaged` are files
    without a line that are not as they were written. `index_rows` are the files with
    index rows that the manifest names.
    """

    shards: tuple[Shard, ...]
    regained: tuple[Shard, ...] = ()
    fault: str | None = None
    damaged: tuple[str, ...] = ()
    index_rows: tuple[Shard, ...] = ()


def listed_shards(layout: Layout, *, is_needed: bool = False) -> ListedShards:
    """Return what the manifest says, and nothing more.

    A missing one is a fault where there are shards, or if it is needed.
    """
    found = look_at_manifest(layout)
    fault = found.fault and found.fault.strip(", ")
    if not is_there(layout.manifest) and (is_needed or unlisted_files(layout, ())):
        fault = "it is missing"
    return ListedShards(
        tuple(found.shards), fault=fault, index_rows=tuple(found.index_rows)
    )


def refuse_lost_lines(layout: Layout, before: ListedShards) -> None:
    """Check that no shard was replaced during a check: its documents are elsewhere now.

    Raises:
        StorageError: the manifest no longer names one of the shards.
    """
    now = {shard.file for shard in look_at_manifest(layout).shards}
    if lost := [shard.file for shard in before.shards if shard.file not in now]:
        raise StorageError(
            f"another program has replaced {layout.packs / lost[0]} during the check: "
            "run this again"
        )


def regained_shards(
    layout: Layout, found: ListedShards, doc_dirs: Callable[[], Iterable[str]] | None
) -> ListedShards:
    """Return the same with the shards that a damaged manifest has lost.

    A shard that no line names is needed if it has a document of `doc_dirs` that no
    other has, and no document twice. Of several, the largest counts first: it may have
    been merged of others. With None for `doc_dirs`, every document is needed.
    """
    files = [
        str(path.relative_to(layout.packs))
        for path in unlisted_files(layout, found.shards)
    ]
    on_disk = {file: shard_on_disk(layout, file) for file in files}
    candidates = [shard for shard in on_disk.values() if shard]
    damaged = tuple(file for file, shard in on_disk.items() if not shard)
    if not candidates:
        return replace(found, damaged=damaged)
    known = {name for shard in found.shards for name in _doc_dirs(layout, shard)}
    needed = None if doc_dirs is None else set(doc_dirs()) - known
    regained = []
    for shard in sorted(candidates, key=lambda each: (-each.documents, each.file)):
        names = set(_doc_dirs(layout, shard))
        if known.isdisjoint(names) and (needed is None or not needed.isdisjoint(names)):
            regained.append(shard)
            known |= names
    return replace(found, regained=tuple(regained), damaged=damaged)


def _doc_dirs(layout: Layout, shard: Shard) -> Iterable[str]:
    return (doc_dir for _, doc_dir in ShardFile(layout, shard.file).names())
