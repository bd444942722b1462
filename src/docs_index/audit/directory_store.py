"""Put files back into directories of documents, one after the other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from docs_index.audit.restoring import Plan, Restored, Wanted, untouched
from docs_index.disk.mending import Mended
from docs_index.disk.publish import TakenError
from docs_index.layout import Layout


@dataclass(frozen=True)
class DirectoryStore:
    """Documents that are directories; without `apply` nothing is written."""

    layout: Layout
    apply: bool

    def restored(self, wanted: Iterable[Wanted], plan: Plan) -> Iterator[Restored]:
        """Put back the files of each document; yield what is wrong with it."""
        for document in wanted:
            yield self._restored(document, plan)

    def _restored(self, document: Wanted, plan: Plan) -> Restored:
        layout = self.layout
        path = document.doc_dir
        place = Mended(layout.docs, path, layout.damaged, layout.unpublished)
        if document.is_proved and place.is_blocked:
            above = f"docs/{path}".rpartition("/")[0]
            blocked = f"{above} is not a folder: move it away"
            return Restored(
                document.doc_id, f"docs/{path}", [], [], None, None, blocked
            )
        result, lacking = plan(document, place)
        if result.damaged and not place.has_room_aside:
            far = "is on another file system than docs_damaged/: move it away yourself"
            return untouched(result, f"{result.damaged[0]} {far}")
        if not self.apply or not lacking:
            return result
        try:
            moved = place.put_back(lacking)
        except TakenError:
            taken = "another program made its directory meanwhile: run this again"
            return untouched(result, taken)
        return result._replace(moved_to=layout.within(moved) if moved else None)
