"""Put back what is missing or damaged of documents in the index.

`verify` finds what is wrong; a document's index row proves what is right. raw.txt comes
from the response file if that has the row's hash, parsed.txt from the row's parser,
metadata.json from the row. Writes below `docs/` only with `apply`, under the lock. What
was damaged is moved to `docs_damaged/`, never deleted. Contract: docs/verifying.md.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from docs_index.audit import verify
from docs_index.audit.index_checks import check_copy
from docs_index.audit.inline_sources import Inline, inline_texts
from docs_index.disk.confined import Folder, UnusableError
from docs_index.disk.directories import remove_tree
from docs_index.disk.lock import held_lock
from docs_index.disk.mending import Mended
from docs_index.disk.publish import TakenError
from docs_index.disk.scratch import remove_leftovers, scratch_folder
from docs_index.errors import VERIFY, IndexFileError, UnknownDocumentError, first_few
from docs_index.index.snapshot import copy_index
from docs_index.layout import RESPONSES, Layout
from docs_index.progress import Progress
from docs_index.resources import rendered, sql
from docs_index.vocabulary import PARSERS
from docs_index.warehouse.parsers import AnyParser, parser_for
from docs_index.warehouse.session import Session, opened_session

Contents = dict[str, bytes]
_MAX_SOURCE_BYTES = 2**40  # no limit: the row's hash says which file it is
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Options:
    """What to restore.

    `doc_ids` restricts it to these documents; if empty, all are looked at. Without
    `apply` nothing is changed. With `take_prompts` a prompt file counts as right where
    prompt.txt differs from it. `evaluation_root` is the folder under the data root that
    evaluations were copied from. `workers` is the number of processes that read.
    """

    doc_ids: Sequence[str] = ()
    apply: bool = False
    take_prompts: bool = False
    evaluation_root: str = RESPONSES
    workers: int = 1


class Restored(NamedTuple):
    """A document that something is wrong with; docs/verifying.md describes its JSON.

    `missing` and `damaged` are the files that are put back; a link or a file in the
    place of the directory has the doc_id as its name. `source` is where raw.txt is
    taken from, and `moved_to` the folder that damaged files were moved to. `problem`
    says what cannot be put back, and why. Paths are relative to the data root.
    """

    doc_id: str
    path: str
    missing: list[str]
    damaged: list[str]
    source: str | None
    moved_to: str | None
    problem: str | None


@dataclass(frozen=True)
class Summary:
    """The result; `restored` counts the documents that were, or can be, put back.

    `unrestorable` counts those with a problem.
    """

    data_root: str
    applied: bool
    documents: int
    restored: int
    unrestorable: int
    found: list[Restored]


class Wanted(NamedTuple):
    """A row of restore_wanted.sql."""

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


class _LostError(Exception):
    """A file of a document cannot be had any more; the text says why."""


def restore(layout: Layout, options: Options, progress: Progress) -> Summary:
    """Put back what is missing or damaged, or say what would be put back.

    Raises:
        DocsIndexError: nothing was written.
        OSError: writing failed; every file is whole or missing, and another call
            completes the work.
    """
    lock = held_lock(layout.lock, _PATIENCE_S) if options.apply else nullcontext()
    with lock, scratch_folder(layout.root) as scratch:
        if options.apply:
            remove_leftovers(layout)
            remove_tree(layout.unpublished)  # a killed run's
        copy = copy_index(layout, scratch)
        _refuse_damaged(layout, copy)
        with opened_session(layout) as session:
            verify.attach(session, copy)
            _refuse_unknown(session, options.doc_ids)
            wanted = _wanted(session, options, scratch, progress)
            parsers = parser_for(layout)
            found = [
                _restored(layout, each, options, parsers, _inline(session, each))
                for each in wanted
            ]
            documents = session.count("documents")
    return Summary(
        data_root=str(layout.root),
        applied=options.apply,
        documents=documents,
        restored=sum(bool(each.missing or each.damaged) for each in found),
        unrestorable=sum(each.problem is not None for each in found),
        found=found,
    )


def _refuse_damaged(layout: Layout, copy: Path) -> None:
    """Check that the rows can be trusted; a changed value is found later, by its ids.

    Raises:
        IndexFileError: the file is damaged, or has another table of documents.
    """
    name = layout.within(layout.index)
    try:
        findings = list(check_copy(copy, name))
    except sqlite3.DatabaseError as error:
        raise IndexFileError(f"{layout.index}: {error}; {VERIFY}") from error
    for code, _, _, detail in findings:
        if code == "index_damaged" or detail.startswith("table documents is"):
            raise IndexFileError(f"{layout.index}: {detail}; {VERIFY}")


def _refuse_unknown(session: Session, doc_ids: Sequence[str]) -> None:
    known = {doc_id for (doc_id,) in session.rows("select doc_id from documents")}
    if unknown := [doc_id for doc_id in doc_ids if doc_id not in known]:
        raise UnknownDocumentError(f"not in the index:\n{first_few(unknown)}")


def _wanted(
    session: Session, options: Options, scratch: Path, progress: Progress
) -> Iterator[Wanted]:
    reading = verify.Options(
        share=1.0, evaluation_root=options.evaluation_root, workers=options.workers
    )
    verify.inspect(session, reading, scratch, progress)
    for statement in verify.DOCUMENT_CHECKS:
        session.db.execute(sql(statement))
    session.load_seeds("stages")
    session.db.execute(sql("audit/restore_told.sql"))
    session.db.execute(rendered("recorded.sql"))
    session.db.execute("set schema = 'main'")
    values = {
        "doc_ids": list(options.doc_ids),
        "evaluation_root": options.evaluation_root,
        "responses": RESPONSES,
    }
    return map(Wanted._make, session.rows(sql("audit/restore_wanted.sql"), values))


def _inline(session: Session, document: Wanted) -> Inline | None:
    if document.file is None or not session.has_build:
        return None
    return inline_texts(session, document.row_key)


def _restored(
    layout: Layout,
    document: Wanted,
    options: Options,
    parsers: AnyParser,
    inline: Inline | None,
) -> Restored:
    """Put a document's files back, with `apply`; say what is wrong with them."""
    result = Restored(
        document.doc_id, f"docs/{document.doc_dir}", [], [], None, None, None
    )
    if not document.is_proved:
        return result._replace(problem=f"its index row was changed; {VERIFY}")
    place = Mended(layout.docs, document.doc_dir, layout.damaged, layout.unpublished)
    if place.is_blocked:
        above = result.path.rpartition("/")[0]
        return result._replace(problem=f"{above} is not a folder: move it away")
    try:
        contents, source = _contents(layout, document, place, options, parsers, inline)
    except _LostError as error:
        return result._replace(problem=str(error))
    missing = [name for name in contents if not place.has(name)]
    lacking = {k: v for k, v in contents.items() if place.read(k) != v}
    damaged = [name for name in lacking if name not in missing]
    damaged += [document.doc_id] if place.is_displaced else []
    problem = None
    if "prompt.txt" not in contents:
        problem = _prompt_problem(layout, document, place, inline)
    if document.status == "ok" and "parsed.txt" not in contents:
        problem = _own_parser_problem(document)
    if not lacking and not problem:
        problem = f"its files agree with its index row, but that row is wrong; {VERIFY}"
    result = result._replace(
        missing=missing, damaged=damaged, source=source, problem=problem
    )
    if damaged and not place.has_room_aside:
        far = "is on another file system than docs_damaged/: move it away yourself"
        return result._replace(missing=[], damaged=[], problem=f"{damaged[0]} {far}")
    if not options.apply or not lacking:
        return result
    try:
        moved = place.put_back(lacking)
    except TakenError:
        taken = "another program made its directory meanwhile: run this again"
        return result._replace(missing=[], damaged=[], problem=taken)
    return result._replace(moved_to=layout.within(moved) if moved else None)


def _contents(
    layout: Layout,
    document: Wanted,
    place: Mended,
    options: Options,
    parsers: AnyParser,
    inline: Inline | None,
) -> tuple[Contents, str]:
    """Return what the files must be, and where raw.txt is taken from.

    Raises:
        _LostError: the raw or the parsed text cannot be had.
    """
    raw, source = _raw(layout, document, place, inline)
    text = raw.decode(errors="replace")
    if (len(raw), len(text)) != (document.raw_bytes, document.raw_chars):
        raise _LostError(f"the length of raw.txt differs from its index row; {VERIFY}")
    contents = {"raw.txt": raw}
    if document.status == "ok":
        parsed = _parsed(document, text, place.read("parsed.txt"), parsers)
        if parsed is not None:
            contents["parsed.txt"] = parsed
    prompt = _prompt(layout, document, inline)
    is_due = options.take_prompts or place.read("prompt.txt") is None
    if prompt is not None and is_due:
        contents["prompt.txt"] = prompt
    contents["metadata.json"] = document.metadata_text.encode()
    return contents, source


def _raw(
    layout: Layout, document: Wanted, place: Mended, inline: Inline | None
) -> tuple[bytes, str]:
    content = place.read("raw.txt")
    if content is not None and _has_hash(content, document):
        return content, f"docs/{document.doc_dir}/raw.txt"
    if document.file is not None:
        return _raw_of_record(document, inline), document.file
    if document.response_file is None:
        raise _LostError("a program added it without a second copy (legacy_file)")
    source = f"{document.folder}/{document.response_file}"
    folder = Folder(str(layout.root / document.folder), _MAX_SOURCE_BYTES)
    try:
        content = folder.read_bytes(document.response_file)
    except UnusableError as error:
        raise _LostError(f"{source}: {error}") from error
    if not _has_hash(content, document):
        raise _LostError(f"{source} has changed since: restore that file first")
    return content, source


def _raw_of_record(document: Wanted, inline: Inline | None) -> bytes:
    """Return the text of a record as the last build has read it."""
    if inline is None:
        raise _LostError(
            f"{document.file}: the last build has no such record: run "
            "`docs-index run`, which reads the histories, then this again"
        )
    if not _has_hash(inline.raw, document):
        raise _LostError(
            f"{document.file} has changed since: restore that file from a backup, run "
            "`docs-index run`, then this again"
        )
    return inline.raw


def _has_hash(content: bytes, document: Wanted) -> bool:
    return hashlib.sha256(content).hexdigest() == document.content_hash


def _parsed(
    document: Wanted, raw: str, found: bytes | None, parsers: AnyParser
) -> bytes | None:
    """Return what parsed.txt must be, None if nothing proves that it is not right.

    The row of an own parser may have changed since the document was made. A parsed.txt
    of the right length then stays.
    """
    is_known = document.parser is None or document.parser in parsers.names
    text = parsers.parse(document.parser, raw) if is_known else None
    is_own = document.parser is not None and document.parser not in PARSERS
    if is_own and found is not None and _has_length(found, document.parsed_chars):
        return found if text is not None and text.encode() == found else None
    if not is_known:
        raise _LostError(f"its parser {document.parser} is not in 1_raw/parsers.csv")
    if text is None or len(text) != document.parsed_chars:
        made = "no text" if text is None else f"{len(text)} characters"
        raise _LostError(
            f"the parser {document.parser} makes {made} of raw.txt; the index row says "
            f"{document.parsed_chars}"
        )
    return text.encode()


def _has_length(content: bytes, chars: int | None) -> bool:
    try:
        return len(content.decode()) == chars
    except UnicodeDecodeError:
        return False


def _own_parser_problem(document: Wanted) -> str:
    return (
        f"parsed.txt is not what the parser {document.parser} makes of raw.txt now: "
        "perhaps its row in 1_raw/parsers.csv has changed; then the document stays as "
        "it is. If parsed.txt was damaged, move it away and run this again"
    )


def _prompt(layout: Layout, document: Wanted, inline: Inline | None) -> bytes | None:
    """Return the prompt of a record or of a link, None without a usable one."""
    if document.file is not None:
        is_right = inline is not None and _has_hash(inline.raw, document)
        return inline.prompt if inline and is_right else None
    if document.prompt_file is None:
        return None
    try:
        folder = Folder(str(layout.responses), _MAX_SOURCE_BYTES)
        return folder.read(document.prompt_file).content
    except UnusableError:
        return None


def _prompt_problem(
    layout: Layout, document: Wanted, place: Mended, inline: Inline | None
) -> str | None:
    """Return what is wrong with prompt.txt and cannot be put right.

    No row has the hash of a prompt: of two that differ, neither is known to be right.
    """
    wanted = _prompt(layout, document, inline)
    found = place.read("prompt.txt")
    if found is None and wanted is None and place.has("prompt.txt"):
        return "prompt.txt is not a file, and there is no usable prompt file for it"
    if found is not None and wanted is not None and found != wanted:
        source = document.file or f"{RESPONSES}/{document.prompt_file}"
        return f"prompt.txt and {source} differ: if that is right, pass --take-prompts"
    return None
