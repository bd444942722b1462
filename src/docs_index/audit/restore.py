"""Put back what is missing or damaged of documents in the index.

`verify` finds what is wrong; a document's index row proves what is right. raw.txt comes
from the response file if that has the row's hash, parsed.txt from the row's parser,
metadata.json from the row. `directory_store` and `shard_store` put them back. Writes
below `docs/` only with `apply`, under the lock. What was damaged is moved to
`docs_damaged/`, never deleted. Contract: docs/verifying.md.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from docs_index.audit import verify
from docs_index.audit.directory_store import DirectoryStore
from docs_index.audit.index_checks import check_copy
from docs_index.audit.inline_sources import Inline, inline_texts
from docs_index.audit.listed_shards import ListedShards, regained_shards
from docs_index.audit.restoring import Contents, Place, Restored, Store, Wanted
from docs_index.audit.shard_store import ShardStore
from docs_index.disk.confined import Folder, UnusableError
from docs_index.disk.directories import remove_tree
from docs_index.disk.lock import held_lock
from docs_index.disk.scratch import remove_leftovers, scratch_folder
from docs_index.errors import VERIFY, IndexFileError, UnknownDocumentError, first_few
from docs_index.index.snapshot import copy_index
from docs_index.layout import RESPONSES, Layout
from docs_index.progress import Progress
from docs_index.resources import rendered, sql
from docs_index.vocabulary import PARSERS
from docs_index.warehouse.parsers import AnyParser, parser_for
from docs_index.warehouse.session import Session, opened_session

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


@dataclass(frozen=True)
class Summary:
    """The result; `restored` counts what was, or can be, put back.

    `unrestorable` counts what has a problem: documents, and shards and their manifest.
    """

    data_root: str
    applied: bool
    documents: int
    restored: int
    unrestorable: int
    found: list[Restored]


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
            listed = verify.shards_of(session)
            if session.kind == "packed":
                doc_dirs = verify.doc_dirs_of(session)
                listed = regained_shards(layout, listed, doc_dirs)
            wanted = _wanted(session, listed, options, scratch, progress)
            parsers = parser_for(layout)

            def plan(document: Wanted, place: Place) -> tuple[Restored, Contents]:
                inline = _inline(session, document)
                return _planned(layout, document, place, options, parsers, inline)

            store = _store(session, listed, options)
            found = sorted(store.restored(wanted, plan), key=attrgetter("path"))
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


def _store(session: Session, listed: ListedShards, options: Options) -> Store:
    if session.kind == "directories":
        return DirectoryStore(session.layout, options.apply)
    is_restricted = bool(options.doc_ids)
    return ShardStore(session, listed, apply=options.apply, is_restricted=is_restricted)


def _wanted(
    session: Session,
    listed: ListedShards,
    options: Options,
    scratch: Path,
    progress: Progress,
) -> Iterator[Wanted]:
    reading = verify.Options(
        share=1.0, evaluation_root=options.evaluation_root, workers=options.workers
    )
    verify.inspect(session, listed, reading, scratch, progress)
    for statement in verify.DOCUMENT_CHECKS:
        session.db.execute(sql(statement))
    session.db.execute(sql("audit/restore_damaged.sql"))
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


def _planned(
    layout: Layout,
    document: Wanted,
    place: Place,
    options: Options,
    parsers: AnyParser,
    inline: Inline | None,
) -> tuple[Restored, Contents]:
    """Return what is wrong with a document, and the files that it lacks."""
    result = Restored(
        document.doc_id, f"docs/{document.doc_dir}", [], [], None, None, None
    )
    if not document.is_proved:
        return result._replace(problem=f"its index row was changed; {VERIFY}"), {}
    try:
        contents, source = _contents(layout, document, place, options, parsers, inline)
    except _LostError as error:
        return result._replace(problem=str(error)), {}
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
    return result, lacking


def _contents(
    layout: Layout,
    document: Wanted,
    place: Place,
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
    layout: Layout, document: Wanted, place: Place, inline: Inline | None
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
    layout: Layout, document: Wanted, place: Place, inline: Inline | None
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
