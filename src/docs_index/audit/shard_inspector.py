"""Inspect documents that are rows of shards, in worker processes of the audit.

Each row gives the line that a directory with the same files would give, so that the
same SQL judges both. A row group that cannot be read gives none.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from docs_index.audit.inspector import (
    Inspector,
    Line,
    Texts,
    Wanted,
    as_lines,
    decoded_text,
    names_in,
    no_document,
    unfinished_repack,
)
from docs_index.audit.listed_shards import ListedShards
from docs_index.disk.confined import digest_of
from docs_index.disk.publish import temporary_path
from docs_index.layout import Layout, is_stage_folder
from docs_index.packs.content import COLUMNS, Packed
from docs_index.packs.manifest import (
    Shard,
    files_on_disk,
    unlisted_files,
    unlisted_index_rows,
)
from docs_index.packs.shard_file import Outline, Rows, ShardFile
from docs_index.paths import is_of_a_path, is_real_folder, is_there
from docs_index.warehouse.session import chunks

_PART_ROWS = 5000
_CHECKED = 100  # shards in one call of a worker


class Part(NamedTuple):
    """Rows of a shard, None for all; `place` is that of the shard in the manifest."""

    file: str
    place: int
    rows: Rows | None


@dataclass(frozen=True)
class ShardInspector(Inspector):
    """Inspects documents that are rows of the shards `listed`."""

    listed: ListedShards | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave out the list of the shards: workers need not know it."""
        return ShardInspector, (self.data_root, self.docs, self.parsers)

    @property
    def _layout(self) -> Layout:
        return Layout(Path(self.data_root))

    @property
    def _shards(self) -> Sequence[Shard]:
        listed = self.listed
        return (*listed.shards, *listed.regained) if listed else ()

    def parts(self) -> Iterator[list[Part | Line]]:
        """Yield what is not a document, and then lists of rows of shards."""
        yield list(self._others())
        some: list[Part | Line] = []
        size = 0
        for place, shard in enumerate(self._shards):
            for part, count in self._parts_of(shard, place):
                some.append(part)
                size += count
                if size >= _PART_ROWS:
                    yield some
                    some, size = [], 0
        yield some

    def _parts_of(self, shard: Shard, place: int) -> Iterator[tuple[Part, int]]:
        """Yield parts of a shard that end with a row group, with their rows."""
        if not is_reached(self._layout, shard):
            return
        if shard.documents <= _PART_ROWS:
            yield Part(shard.file, place, None), shard.documents
            return
        for rows in _joined(ShardFile(self._layout, shard.file).groups()):
            yield Part(shard.file, place, rows), rows[1] - rows[0]

    def look(self, part: Sequence[Part | Line]) -> bytes:
        """Return one line per document."""
        return as_lines(line for each in part for line in self._look_at(each))

    def _look_at(self, part: Part | Line) -> Iterator[Line]:
        if isinstance(part, dict):
            yield part
            return
        file = ShardFile(self._layout, part.file)
        for each in file.outlines(part.rows or file.rows()):
            yield _line(each, part)

    def shards(self) -> Iterator[list[Shard | Line]]:
        """Yield lists of shards, and the lines of those that are not listed."""
        unlisted = (
            {"file": file, "is_listed": False, "is_there": True}
            for file in self._unlisted()
        )
        yield from chunks(chain(self._shards, unlisted), _CHECKED)

    def check(self, part: Sequence[Shard | Line]) -> bytes:
        """Return the lines of shards, with the size and the hash of their files."""
        return as_lines(map(self._checked, part))

    def _checked(self, shard: Shard | Line) -> Line:
        if isinstance(shard, dict):
            return shard
        ids = {"first_id": shard.first, "last_id": shard.last, "stage": shard.stage}
        line = asdict(shard) | ids | {"is_listed": True, "is_there": False}
        path = self._layout.packs / shard.file
        try:
            if is_reached(self._layout, shard):
                line["is_there"] = is_there(path)
                line["found_sha256"], line["found_bytes"] = digest_of(path)
        except PermissionError as error:
            line["problem"] = error.strerror
        except OSError as error:
            if not is_of_a_path(error):
                raise
        return line

    def texts_of(
        self, documents: Sequence[Wanted]
    ) -> Iterator[tuple[Wanted, Texts | None]]:
        """Yield documents with their texts, in one pass over the rows of each shard."""
        for file, of_shard in groupby(documents, attrgetter("shard")):
            wanted = {}
            for document in of_shard:
                if document.is_read and document.row is not None:
                    wanted[document.row] = document
                else:
                    yield document, None
            if wanted:
                rows = min(wanted), max(wanted) + 1
                found = ShardFile(self._layout, file).documents(rows)
                yield from _texts_of(wanted, found)

    def _unlisted(self) -> list[str]:
        layout = self._layout
        paths = unlisted_files(layout, self._shards)
        return [str(path.relative_to(layout.packs)) for path in paths]

    def _others(self) -> Iterator[Line]:
        """Yield the lines of the manifest, if it is damaged, and of stray entries."""
        layout, listed = self._layout, self.listed
        manifest = f"packs/{layout.manifest.name}"
        if listed and listed.fault:
            told = {"code": "manifest_damaged", "detail": listed.fault}
            yield no_document(manifest) | told
        yield from _beside_packs(layout)
        rows = listed.index_rows if listed else ()
        known = {shard.file for shard in (*self._shards, *rows)}
        known |= set(self._unlisted())
        unlisted = {str(path) for path in unlisted_index_rows(layout)}
        unpublished = temporary_path(layout.manifest).name
        for file in files_on_disk(layout):
            line = no_document(f"packs/{file}")
            if file == unpublished:
                detail = "a new manifest that was not published"
                yield line | {"code": "unfinished_run", "detail": detail}
            elif str(layout.packs / file) in unlisted:
                detail = "docs/packs/manifest.jsonl does not name it"
                yield line | {"code": "rows_unlisted", "detail": detail}
            elif file not in known and not _is_empty_folder(layout, file):
                yield line


def _texts_of(
    wanted: dict[int, Wanted], found: Iterable[tuple[int, Packed]]
) -> Iterator[tuple[Wanted, Texts | None]]:
    """Yield wanted documents with their texts, none of those that were not found."""
    for row, content in found:
        if document := wanted.pop(row, None):
            texts = {
                "raw": content.raw,
                "parsed": content.parsed,
                "prompt": content.prompt,
            }
            sizes = document.sizes
            yield document, {k: v for k, v in texts.items() if sizes[k] is not None}
    yield from ((document, {}) for document in wanted.values())


def _is_empty_folder(layout: Layout, file: str) -> bool:
    """Tell whether a name is that of the folder of a stage, without shards."""
    path = layout.packs / file
    return "/" not in file and is_real_folder(path)


def _beside_packs(layout: Layout) -> Iterator[Line]:
    """Yield the lines of what is in `docs` beside `docs/packs`."""
    old = []
    for name in names_in(str(layout.docs)):
        if name == layout.packs.name:
            continue
        if not is_stage_folder(layout.docs, name):
            yield no_document(name)
        elif names_in(str(layout.docs / name)):
            old.append(name)
    if old:
        found = f"there are directories in {', '.join(f'docs/{each}' for each in old)}"
        yield unfinished_repack(old[0], "packed", found)


def is_reached(layout: Layout, shard: Shard) -> bool:
    """Tell whether the folder of a shard is one, and not a link to one."""
    folder = layout.packs / shard.stage
    return is_real_folder(folder)


def _joined(groups: Sequence[Rows]) -> Iterator[Rows]:
    """Yield ranges of a few thousand rows that end with a row group."""
    first = end = 0
    for _, end in groups:
        if end - first >= _PART_ROWS:
            yield first, end
            first = end
    if end > first:
        yield first, end


def _line(row: Outline, part: Part) -> Line:
    sizes = {"raw": row.raw, "parsed": row.parsed, "prompt": row.prompt}
    sizes["metadata"] = row.metadata
    entries = [
        {"name": name, "is_file": True, "bytes": sizes[column]}
        for name, column in COLUMNS.items()
        if sizes[column] is not None
    ]
    text = row.metadata_text
    return {
        "path": row.doc_dir,
        "is_document": True,
        "entries": entries,
        "metadata": None if text is None else decoded_text(text),
        "shard": part.file,
        "shard_place": part.place,
        "shard_row": row.row,
        "row_id": row.doc_id,
    }
