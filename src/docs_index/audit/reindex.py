"""Rebuild the index from the documents' metadata.json alone: their files, or in shards.

Every column of the table `documents` is in metadata.json. The current lists are not:
they are empty until `materialize_docs.py` writes them. Publishes one file, the new
index, in SQLite whatever the old one was. Never changes a document.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from docs_index.audit.disk_tables import survey
from docs_index.audit.findings import Finding, in_order
from docs_index.audit.inspecting import inspector_of
from docs_index.audit.listed_shards import (
    ListedShards,
    listed_shards,
    regained_shards,
)
from docs_index.disk.lock import take_lock
from docs_index.disk.publish import replacing, temporary_path
from docs_index.disk.scratch import remove_leftovers
from docs_index.disk.workers import started_workers
from docs_index.errors import DataRootError, OutputExistsError
from docs_index.index.database import (
    remove_logs,
    settle_index,
    write_schema,
)
from docs_index.index.storage import Storage, storage_on_disk
from docs_index.layout import Layout, LayoutKind
from docs_index.packs.index_rows import clear_rows
from docs_index.paths import is_folder, is_there
from docs_index.progress import Progress
from docs_index.resources import sql
from docs_index.warehouse.index_faults import naming_index
from docs_index.warehouse.parsers import built_in_parsers
from docs_index.warehouse.session import Session, opened_session
from docs_index.warehouse.sqlite_extension import attach_index


@dataclass(frozen=True)
class Options:
    """How to rebuild the index.

    `output` is the new index; with `replace` an existing file is replaced. With
    `skip_damaged` the index is written without damaged documents and their
    descendants; otherwise damage stops the rebuild. `workers` is the number of
    processes that read.
    """

    output: Path
    replace: bool = False
    skip_damaged: bool = False
    workers: int = 1


@dataclass(frozen=True)
class Summary:
    """The result; `output` is None if damage prevented the new index.

    `left_out` counts the documents on disk without a row: damaged ones and their
    descendants.
    """

    data_root: str
    output: str | None
    documents: int
    left_out: int
    findings: list[Finding]


def reindex(layout: Layout, options: Options, progress: Progress) -> Summary:
    """Write a new index of the documents on disk.

    Raises:
        DocsIndexError: nothing was written.
        OSError, duckdb.Error: writing failed; no new index was published.
    """
    if not is_folder(layout.docs):
        raise DataRootError(f"there are no documents: {layout.docs} is not a directory")
    if options.output.parent == layout.db:
        layout.db.mkdir(exist_ok=True)  # it may have been lost with the index
    _refuse_to_overwrite(options)
    lock = take_lock(layout.lock)
    remove_leftovers(layout)
    new = temporary_path(options.output)
    kind = storage_on_disk(layout).kind
    with naming_index(new), opened_session(layout) as session:
        parsers = built_in_parsers()  # which it does not need: it reads no text
        inspector = inspector_of(layout, kind, parsers, _listed(layout, kind))
        module = type(inspector).__module__
        with started_workers(options.workers, module, lock) as workers:
            survey(session, inspector, workers, session.scratch, progress, 0)
        findings = _check(session)
        documents = session.count("good")
        left_out = session.count("(from found where is_document)") - documents
        is_written = options.skip_damaged or not findings
        if is_written:
            _write(session, options, kind)
    return Summary(
        data_root=str(layout.root),
        output=str(options.output) if is_written else None,
        documents=documents,
        left_out=left_out,
        findings=in_order(findings)[0],
    )


def _listed(layout: Layout, kind: LayoutKind) -> ListedShards:
    """Return the shards: those of the manifest, and all others with more documents.

    A manifest that is damaged does not matter if each shard is as it was written.
    """
    if kind == "directories":
        return ListedShards(())
    found = regained_shards(layout, listed_shards(layout), None)
    return found if found.damaged else replace(found, fault=None)


def _refuse_to_overwrite(options: Options) -> None:
    if is_there(options.output) and not options.replace:
        raise OutputExistsError(
            f"{options.output} exists: pass --replace to put the new index in its "
            "place, or name another --output"
        )
    if is_folder(options.output) or not is_folder(options.output.parent):
        raise OutputExistsError(f"{options.output} cannot be a file: name another one")


def _check(session: Session) -> list[Finding]:
    """Make the table `good` of the rows without a fault; return the faults."""
    session.load_seeds("sources", "stages", "statuses", "link_methods")
    for statement in _CHECKS:
        session.db.execute(sql(statement))
    findings = [Finding(*row) for row in session.rows("from findings")]
    return [each for each in findings if each.code not in _OF_KILLED_RUNS]


# The next run clears them away. No document is in them that a reader would find.
_OF_KILLED_RUNS = ("shard_unlisted", "rows_unlisted", "unfinished_run")
_CHECKS = (
    "audit/findings.sql",
    "audit/reindex_documents.sql",
    "audit/reindex_unreadable.sql",
    "audit/verify_shards.sql",
    "audit/verify_metadata.sql",
    "audit/verify_lineage.sql",
    "audit/made_links.sql",
    "audit/verify_targets.sql",
    "audit/reindex_good.sql",
)


def _write(session: Session, options: Options, kind: LayoutKind) -> None:
    with replacing(options.output, keeps_mode=False) as unpublished:
        try:
            write_schema(unpublished, Storage(kind))
            attach_index(session.db, unpublished, read_only=False)
            session.db.execute(sql("audit/reindex_insert.sql"))
            session.db.execute(sql("audit/reindex_record.sql"))
            session.db.execute("detach stored")
            settle_index(unpublished)
            _refuse_to_overwrite(options)
            remove_logs(options.output)
        finally:
            remove_logs(unpublished)
    if options.output == session.layout.index:
        clear_rows(session.layout, "sqlite", None)
