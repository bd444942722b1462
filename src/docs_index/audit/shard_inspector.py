"""Inspect documents that are rows of shards, in worker processes of the audit.

Each row gives the line that a directory with the same files would give, so that the
same SQL judges both. A row group that cannot be read gives none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
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
from docs_index.packs.content import COLUMNS
from docs_index.packs.manifest import Shard, files_on_disk, unlisted_files
from docs_index.packs.shard_file import Outline, Rows, ShardFile
from docs_index.paths import is_folder, is_link, is_of_a_path, is_there

_PART_ROWS = 5000


class Part(NamedTuple):
    """Rows of a shard; `place` is that of the shard in the manifest."""

    file: str
    place: int
    rows: Rows


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

    def parts(self) -> Iterator[Part | list[Line]]:
        """Yield what is not a document, and then ranges of rows of each shard."""
        yield list(self._others())
        for place, shard in enumerate(self._shards):
            if is_reached(self._layout, shard):
                for rows in _joined(ShardFile(self._layout, shard.file).groups()):
                    yield Part(shard.file, place, rows)

    def look(self, part: Part | list[Line]) -> bytes:
        """Return one line per document."""
        if isinstance(part, list):
            return as_lines(part)
        outlines = ShardFile(self._layout, part.file).outlines(part.rows)
        return as_lines(_line(each, part) for each in outlines)

    def shards(self) -> Iterator[Shard | Line]:
        """Yield the shards, and the lines of those that are not listed."""
        yield from self._shards
        for path in unlisted_files(self._layout, self._shards):
            file = str(path.relative_to(self._layout.packs))
            yield {"file": file, "is_listed": False, "is_there": True}

    def check(self, shard: Shard | Line) -> bytes:
        """Return the line of a shard, with the size and the hash of its file."""
        if isinstance(shard, dict):
            return as_lines([shard])
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
        return as_lines([line])

    def texts_of(
        self, documents: Sequence[Wanted]
    ) -> Iterator[tuple[Wanted, Texts | None]]:
        """Yield documents with their texts, in one pass over their rows."""
        wanted = {each.row: each for each in documents if each.is_read}
        yield from ((each, None) for each in documents if not each.is_read)
        rows = [row for row in wanted if row is not None]
        if not rows:
            return
        file = ShardFile(self._layout, documents[0].shard or "")
        for row, content in file.documents((min(rows), max(rows) + 1)):
            if document := wanted.pop(row, None):
                texts = {"raw": content.raw, "parsed": content.parsed}
                texts["prompt"] = content.prompt
                sizes = document.sizes
                yield (
                    document,
                    {k: v for k, v in texts.items() if sizes[k] is not None},
                )
        yield from ((document, {}) for document in wanted.values())

    def _others(self) -> Iterator[Line]:
        """Yield the lines of the manifest, if it is damaged, and of stray entries."""
        layout, listed = self._layout, self.listed
        manifest = f"packs/{layout.manifest.name}"
        if listed and listed.fault:
            told = {"code": "manifest_damaged", "detail": listed.fault}
            yield no_document(manifest) | told
        yield from _beside_packs(layout)
        known = {shard.file for shard in self._shards}
        known |= {
            str(path.relative_to(layout.packs))
            for path in unlisted_files(layout, self._shards)
        }
        unpublished = temporary_path(layout.manifest).name
        for file in files_on_disk(layout):
            line = no_document(f"packs/{file}")
            if file == unpublished:
                detail = "a new manifest that was not published"
                yield line | {"code": "unfinished_run", "detail": detail}
            elif file not in known and not _is_empty_folder(layout, file):
                yield line


def _is_empty_folder(layout: Layout, file: str) -> bool:
    """Tell whether a name is that of the folder of a stage, without shards."""
    path = layout.packs / file
    return "/" not in file and is_folder(path) and not is_link(path)


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
    return is_folder(folder) and not is_link(folder)


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
