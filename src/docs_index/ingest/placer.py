"""Put documents' directories on disk, a batch at a time, in processes of their own.

How a directory gets its name is `disk.directories`; what is there already is never
touched. No index is opened here.
"""

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from docs_index.disk.confined import Folder, UnusableError
from docs_index.disk.directories import Staging, opened_staging, sync_file_system
from docs_index.ingest.document_files import Contents, DocumentFiles, Planned
from docs_index.paths import is_link

Outcome = Literal["placed", "found", "directory_conflict", "response_changed"]
Failed = tuple[int, Outcome, str | None]
Found = Sequence[tuple[Planned, Contents | UnusableError]]


class Placed(NamedTuple):
    """What became of a document; `detail` says why it was not placed."""

    document: Planned
    outcome: Outcome
    detail: str | None = None


class Batch(NamedTuple):
    """What became of the documents from one write order to another.

    `failed` are (write_order, outcome, detail) of those that were not placed. Unless
    the batch `ends` its range, others of it are still to come.
    """

    first: int
    last: int
    outcomes: Counter[Outcome]
    failed: list[Failed]
    ends: bool = True


@dataclass(frozen=True)
class Placer:
    """What all documents of a run have in common; with `dry_run` nothing is written."""

    files: DocumentFiles
    docs: str
    unpublished: str
    link: bool
    dry_run: bool

    def place(self, places: Sequence[int]) -> Batch:
        """Write a batch; the directories are durable when this returns.

        Raises:
            OSError: the file system failed; every directory is complete or absent.
        """
        found = self.files.contents(self.files.planned(places))
        place = self._foreseen if self.dry_run else self._placed
        return _batch(places[0], places[-1], place(found))

    def _placed(self, found: Found) -> list[Placed]:
        results: list[Placed] = []
        written: list[Planned] = []
        with opened_staging(self.unpublished) as staging:
            for document, contents in found:
                if isinstance(contents, UnusableError):
                    results.append(self._not_ingested(document, contents))
                    continue
                self._write(staging, document, contents)
                written.append(document)
            sync_file_system(self.unpublished)
            results += [self._publish(staging, document) for document in written]
            sync_file_system(self.docs)
        return results

    def _foreseen(self, found: Found) -> list[Placed]:
        """Say what would become of documents."""
        return [
            self._not_ingested(document, contents)
            if isinstance(contents, UnusableError)
            else self._look_for(document) or Placed(document, "placed")
            for document, contents in found
        ]

    def _not_ingested(self, document: Planned, error: UnusableError) -> Placed:
        found = self._look_for(document)
        return found or Placed(document, "response_changed", str(error))

    def _write(self, staging: Staging, document: Planned, contents: Contents) -> None:
        """Write a document's directory, in a key's directory of its own."""
        links = {}
        if self.link and contents.get("parsed.txt") == contents["raw.txt"]:
            contents = {k: v for k, v in contents.items() if k != "parsed.txt"}
            links = {"parsed.txt": "raw.txt"}
        staging.write(_staged(document), contents, links=links)

    def _publish(self, staging: Staging, document: Planned) -> Placed:
        if staging.publish(_staged(document), f"{self.docs}/{document.doc_dir}"):
            return Placed(document, "placed")
        return self._look_for(document) or _conflict(document, "is below a file")

    def _look_for(self, document: Planned) -> Placed | None:
        """Accept a directory that is there already if its hash is right."""
        final = f"{self.docs}/{document.doc_dir}"
        if is_link(os.path.dirname(final)):
            return _conflict(document, "is below a link")
        try:
            if not stat.S_ISDIR(os.lstat(final).st_mode):
                return _conflict(document, "is not a directory")
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            return _conflict(document, "is below a file")
        try:
            found = Folder(final, self.files.max_bytes).read_bytes("raw.txt")
        except UnusableError as error:
            return _conflict(document, f"has no usable raw.txt: {error}")
        if hashlib.sha256(found).hexdigest() != document.content_hash:
            return _conflict(document, "holds another raw.txt")
        return Placed(document, "found")


def _batch(first: int, last: int, results: Sequence[Placed]) -> Batch:
    return Batch(
        first=first,
        last=last,
        outcomes=Counter(result.outcome for result in results),
        failed=[
            (result.document.write_order, result.outcome, result.detail)
            for result in results
            if result.outcome not in ("placed", "found")
        ],
    )


def _conflict(document: Planned, what: str) -> Placed:
    detail = f"docs/{document.doc_dir} {what}; it was left as it is"
    return Placed(document, "directory_conflict", detail)


def _staged(document: Planned) -> str:
    return f"{document.doc_id}/{document.doc_id}"
