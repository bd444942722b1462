"""Put documents back into shards: a new shard for each that is not right.

What can be read of the old shard is taken from there, the rest from the plan. The new
shard is published first, then the manifest names it instead of the old one, and then
the old one loses its name in `docs/packs`: before all that it has got one more in
`docs_damaged`. After a kill at any moment the next call completes the work.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from docs_index.audit.listed_shards import ListedShards
from docs_index.audit.restoring import Plan, Restored, Wanted, untouched
from docs_index.audit.shard_inspector import is_reached
from docs_index.disk.directories import remove_tree
from docs_index.disk.mending import Mended
from docs_index.disk.publish import make_folder, sync
from docs_index.index.texts import is_doc_dir
from docs_index.packs.content import Packed, packed
from docs_index.packs.manifest import Shard, unlisted_files, write_manifest
from docs_index.packs.shard_file import ShardFile
from docs_index.packs.writing import SHARD_BYTES, write_shards
from docs_index.paths import is_there
from docs_index.resources import sql
from docs_index.warehouse.session import Session

_LARGEST = SHARD_BYTES + SHARD_BYTES // 4  # an old shard has hardly more than one
_FAR = "is on another file system than docs_damaged/: move it away yourself"
_LOST = "none of its documents can be read or put back, so it stays as it is"


@dataclass(frozen=True)
class PackedPlace:
    """A row of a shard as the place of a document, None where no shard has it."""

    row: Packed | None
    is_displaced: bool = False

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, None if it is missing."""
        return self.row.files.get(name) if self.row else None

    def has(self, name: str) -> bool:
        """Tell whether the document has a file."""
        return self.read(name) is not None


@dataclass
class _Group:
    """The documents of one shard, new or old, that are to be put back.

    `fault` says whether the old shard is missing or damaged. `dropped` are the rows
    that another shard has too.
    """

    stage: str
    shard: Shard | None
    wanted: Sequence[Wanted]
    fault: str | None
    dropped: set[int]

    @property
    def path(self) -> str:
        """The path of the old shard, relative to the data root."""
        return f"docs/packs/{self.shard.file}" if self.shard else ""


@dataclass
class _Outcome:
    """What the new shard of a group would have, or has."""

    found: list[Restored] = field(default_factory=list)
    foreign: list[Packed] = field(default_factory=list)
    rows: int = 0
    is_changed: bool = False


class ShardStore:
    """Documents that are rows of shards; without `apply` nothing is written.

    With `is_restricted`, only shards of the wanted documents are looked at.
    """

    def __init__(
        self,
        session: Session,
        listed: ListedShards,
        *,
        apply: bool,
        is_restricted: bool,
    ) -> None:
        self._session = session
        self._layout = session.layout
        self._listed = listed
        self._lines = [*listed.shards, *listed.regained]
        self._apply = apply
        self._is_restricted = is_restricted
        self._spares: dict[str, list[Packed]] = {}

    def restored(self, wanted: Iterable[Wanted], plan: Plan) -> Iterator[Restored]:
        """Put back the manifest, and then shard by shard; yield what was wrong."""
        yield from self._manifest()
        for group in self._groups(wanted):
            yield from self._restored(group, plan)

    def _manifest(self) -> Iterator[Restored]:
        """Put the manifest right, and end what a killed call has begun."""
        layout, listed = self._layout, self._listed
        path = layout.manifest
        if listed.fault or listed.regained:
            is_missing = not is_there(path)
            names = ([path.name], []) if is_missing else ([], [path.name])
            found = Restored(None, layout.within(path), *names, None, None, None)
            place = self._aside("packs")
            if not is_missing and not place.has_room_aside:
                yield untouched(found, f"{path.name} {_FAR}")
                self._apply = False
                return
            if self._apply:
                if not is_missing:
                    moved = layout.within(place.keep(path.name))
                    found = found._replace(moved_to=moved)
                make_folder(layout.packs)
                write_manifest(layout, self._lines)
            yield found
        if self._apply:
            for file in unlisted_files(layout, self._lines):
                stage = file.parent.name
                if self._aside(f"packs/{stage}").kept(file.name):
                    file.unlink()

    def _groups(self, wanted: Iterable[Wanted]) -> Iterator[_Group]:
        rows = self._session.rows("select file, fault from faulty_shards")
        faults: dict[str, str] = dict(rows)
        repeated = self._repeated()
        shards = {shard.file: shard for shard in self._lines}
        for (file, stage), documents in groupby(wanted, _group_of):
            shard = shards.pop(file, None) if file else None
            yield _Group(
                stage,
                shard,
                list(documents),
                faults.get(file or ""),
                repeated.get(file or "", set()),
            )
        for file, shard in {} if self._is_restricted else shards.items():
            if file in faults or file in repeated:
                dropped = repeated.get(file, set())
                yield _Group(shard.stage, shard, [], faults.get(file), dropped)

    def _repeated(self) -> dict[str, set[int]]:
        """Return the rows of each shard whose document is in one before.

        Of damaged documents, what these rows have is kept for the one before.
        """
        repeated: dict[str, set[int]] = {}
        for file, row, is_damaged in self._session.rows("from repeated_rows"):
            if is_damaged and self._is_restricted:
                continue
            repeated.setdefault(file, set()).add(row)
            if is_damaged:
                found = ShardFile(self._layout, file).documents((row, row + 1))
                for _, spare in found:
                    self._spares.setdefault(spare.doc_dir, []).append(spare)
        return repeated

    def _best(self, row: Packed | None, document: Wanted) -> Packed | None:
        """Return the first row of a document that has the right raw text."""
        rows = [row] if row else []
        rows += self._spares.get(document.doc_dir, [])
        right = (each for each in rows if _hash(each.raw) == document.content_hash)
        return next(right, row)

    def _restored(self, group: _Group, plan: Plan) -> Iterator[Restored]:
        stage, name = f"docs/packs/{group.stage}", group.path.rpartition("/")[2]
        place = self._aside(f"packs/{group.stage}")
        if place.is_blocked or place.is_displaced:
            blocked = f"{stage} is not a folder: move it away"
            return (yield from _all_untouched(group, plan, blocked))
        is_old = group.shard is not None and is_there(self._layout.root / group.path)
        if is_old and not place.has_room_aside:
            return (yield from _all_untouched(group, plan, f"{name} {_FAR}"))
        outcome = _Outcome()
        for _ in self._rows(group, plan, outcome):
            pass
        is_faulty = bool(group.fault or group.dropped)
        is_lost = is_faulty and outcome.rows == 0 and bool(group.wanted)
        is_due = (is_faulty and not is_lost) or outcome.is_changed
        moved = None
        if self._apply and is_due:
            if is_old:
                moved = self._layout.within(place.keep(name))
            outcome = self._replace(group, plan)
        yield from (each._replace(moved_to=moved) for each in outcome.found)
        if is_faulty:
            names = ([name], []) if group.fault == "missing" else ([], [name])
            found = Restored(None, group.path, *names, None, moved, None)
            yield untouched(found, _LOST) if is_lost else found

    def _replace(self, group: _Group, plan: Plan) -> _Outcome:
        """Write the new shard of a group, name it, and remove the old one's name."""
        outcome = _Outcome()
        new = self._written(group.stage, self._rows(group, plan, outcome))
        by_id = sorted(outcome.foreign, key=lambda row: (_stage_of(row), row.doc_id))
        for stage, rows in groupby(by_id, _stage_of):
            new += self._written(stage, rows)
        lines: list[Shard] = []
        for shard in self._lines:
            lines += new if shard == group.shard else [shard]
        lines += [] if group.shard else new
        self._lines = list({shard.file: shard for shard in lines}.values())
        write_manifest(self._layout, self._lines)
        old = group.shard and self._layout.packs / group.shard.file
        if old and old not in [self._layout.packs / shard.file for shard in new]:
            old.unlink(missing_ok=True)
            if is_there(old.parent):
                sync(old.parent)
        return outcome

    def _written(self, stage: str, rows: Iterable[Packed]) -> list[Shard]:
        """Write rows as one shard, or as several that are not too large."""
        unpublished = self._layout.unpublished
        unpublished.mkdir(exist_ok=True)
        try:
            return list(
                write_shards(
                    self._layout, stage, rows, unpublished, full_bytes=_LARGEST
                )
            )
        finally:
            remove_tree(unpublished)

    def _rows(self, group: _Group, plan: Plan, outcome: _Outcome) -> Iterator[Packed]:
        """Yield the rows of the new shard of a group; note what becomes of each."""
        for row, document in _merged(self._old_rows(group, outcome), group.wanted):
            new = row
            if document:
                best = self._best(row, document)
                result, lacking = plan(document, PackedPlace(best))
                outcome.is_changed |= bool(lacking) or best is not row
                if lacking or document.doc_dir not in self._spares:
                    outcome.found.append(result)
                files = (best.files if best else {}) | lacking
                is_there = best is not None or bool(lacking)
                new = packed(document.doc_id, document.doc_dir, files)
                new = new if is_there else None
            if new:
                outcome.rows += 1
                yield new

    def _old_rows(self, group: _Group, outcome: _Outcome) -> Iterator[Packed]:
        """Yield what can be read of the old shard, in the order of doc_id.

        Documents of other stages are noted. Where rows are not in their order, all are
        in memory together.
        """
        if group.shard is None or not is_reached(self._layout, group.shard):
            return
        file = ShardFile(self._layout, group.shard.file)
        rows = self._readable(group, file)
        if all(a < b for a, b in pairwise(_ids_of(file, group.dropped))):
            in_order = rows
        else:
            unique = {row.doc_id: row for row in rows}
            in_order = iter(sorted(unique.values(), key=lambda row: row.doc_id))
        for row in in_order:
            if _stage_of(row) == group.stage:
                yield row
            else:
                outcome.foreign.append(row)

    def _readable(self, group: _Group, file: ShardFile) -> Iterator[Packed]:
        """Yield the rows of an old shard that are documents."""
        assert group.shard is not None
        values = {"name": group.shard.file}
        rows = self._session.rows(sql("audit/restore_unindexed.sql"), values)
        unindexed = {doc_dir for (doc_dir,) in rows}
        for number, row in file.documents(file.rows()):
            is_document = is_doc_dir(row.doc_dir) and number not in group.dropped
            is_sure = row.doc_dir not in unindexed or _names_itself(row)
            if is_document and (is_sure or group.fault is None):
                yield row._replace(doc_id=row.doc_dir[-16:])

    def _aside(self, path: str) -> Mended:
        layout = self._layout
        return Mended(layout.docs, path, layout.damaged, layout.unpublished)


def _group_of(document: Wanted) -> tuple[str | None, str]:
    return document.shard, document.doc_dir.partition("/")[0]


def _hash(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _stage_of(row: Packed) -> str:
    return row.doc_dir.partition("/")[0]


def _ids_of(file: ShardFile, dropped: set[int]) -> Iterator[str]:
    return (
        doc_dir[-16:]
        for row, doc_dir in file.names()
        if row not in dropped and is_doc_dir(doc_dir)
    )


def _names_itself(row: Packed) -> bool:
    """Tell whether metadata has the row's doc_dir: in a damaged shard it may not."""
    try:
        named = json.loads(row.metadata or b"")
    except ValueError:
        return False
    return isinstance(named, dict) and named.get("doc_dir") == row.doc_dir


def _merged(
    rows: Iterator[Packed], wanted: Sequence[Wanted]
) -> Iterator[tuple[Packed | None, Wanted | None]]:
    """Yield rows and wanted documents in the order of doc_id, both where they meet."""
    documents = iter(wanted)
    row, document = next(rows, None), next(documents, None)
    while row or document:
        if document is None or (row and row.doc_id < document.doc_id):
            yield row, None
            row = next(rows, None)
        elif row is None or document.doc_id < row.doc_id:
            yield None, document
            document = next(documents, None)
        else:
            yield row, document
            row, document = next(rows, None), next(documents, None)


def _all_untouched(group: _Group, plan: Plan, problem: str) -> Iterator[Restored]:
    for document in group.wanted:
        found, _ = plan(document, PackedPlace(None))
        yield untouched(found, found.problem or problem)
    if group.shard and (group.fault or group.dropped):
        yield Restored(None, group.path, [], [], None, None, problem)
