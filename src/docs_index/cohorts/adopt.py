"""Take documents of the index into the generation store, as essays to evaluate.

`sql/adoptable.sql` decides which documents qualify, and what each metadata.json says.
A document becomes the essay `x_{doc_id}`, with its texts. A cohort needs a draft of
each essay, so one is written too, of which there is the metadata.json alone. Never
changes the index, or a directory that is there.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docs_index.cohorts.generation_files import PARSED, PROMPT, RAW, read_bytes
from docs_index.disk.directories import (
    Staging,
    opened_staging,
    remove_tree,
    sync_file_system,
)
from docs_index.disk.lock import take_lock
from docs_index.errors import (
    VERIFY,
    BlockedError,
    CohortError,
    DamagedDocumentError,
    first_few,
)
from docs_index.index.filters import Filters
from docs_index.index.query import Row, rows_of
from docs_index.index.reader import Documents
from docs_index.index.row import Document
from docs_index.layout import Layout
from docs_index.paths import is_there
from docs_index.progress import Progress
from docs_index.resources import sql
from docs_index.warehouse.parsers import AnyParser, parser_for, parser_of
from docs_index.warehouse.session import chunks

_BATCH = 1000  # directories that are synced together
_READ = 100  # documents that are parsed together: a query takes longer than its texts
_METADATA = "metadata.json"
_FAULTS = {
    "judgement": "it is a judgement of another document",
    "parse_error": "it has no parsed text, which an evaluation would read",
    "unusable_ids": "the generation store cannot hold its combo, template or model",
}


@dataclass
class Summary:
    """What became of the chosen documents.

    `essays` lists the gen_ids of all that are in the store now, or would be;
    `essays_adopted` and `essays_there_before` count them. `left_out` counts the
    documents that cannot be essays, by reason. `conflicts` names directories that hold
    another text, `damaged` documents whose files are not as they were ingested.
    `missing_tables` are those of `1_raw/` that a cohort needs, and that are not there.
    `tasks` has the task ids that were named, and how many documents each one chose.
    """

    data_root: str
    dry_run: bool
    essays_adopted: int = 0
    essays_there_before: int = 0
    drafts_written: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    essays: list[str] = field(default_factory=list)
    missing_tables: list[str] = field(default_factory=list)
    tasks: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing needs a person."""
        return not (self.conflicts or self.damaged)


def adopt_documents(
    documents: Documents,
    filters: Filters,
    doc_ids: Sequence[str] | None = None,
    tasks: Mapping[str, Sequence[str]] | None = None,
    *,
    dry_run: bool = False,
    progress: Progress = lambda done, total: None,
) -> Summary:
    """Publish the chosen documents as essays; with `doc_ids`, only these are chosen.

    `tasks` has more doc_ids, by their task id. Of these, what cannot be an essay is
    left out.

    Raises:
        CohortError: a document of `doc_ids`, or all of a task, cannot be an essay;
            nothing was written.
        DataRootError: a folder of the store leads out of the data root.
        LockedError: another run is active.
        TableRefusedError: 1_raw/parsers.csv is not well-formed.
        OSError: writing failed; no directory is incomplete, and adopting again
            completes the work.
    """
    layout = documents.layout
    for stage in ("draft", "essay"):
        layout.refuse_link_out(layout.generations / stage)
    tasks = tasks or {}
    if doc_ids is not None:
        of_tasks = [each for task in tasks.values() for each in task]
        rows = adoptable(documents, filters, [*doc_ids, *of_tasks])
    else:
        rows = adoptable(documents, filters)
    if refused := _refused(rows, doc_ids or (), tasks):
        raise CohortError(_refusal(refused))
    left_out = Counter(row["fault"] for row in rows if row["fault"])
    fitting = {row["doc_id"] for row in rows}
    needed = (layout.evaluation_templates, layout.models, layout.replication)
    summary = Summary(
        str(layout.root),
        dry_run,
        left_out=dict(left_out),
        missing_tables=[layout.within(each) for each in needed if not is_there(each)],
        tasks={task: len(fitting & {*of_task}) for task, of_task in tasks.items()},
    )
    wanted = [row for row in rows if not row["fault"]]
    if not dry_run:
        take_lock(layout.lock)
    if dry_run or all(_is_published(layout, row) for row in wanted):
        _compare(documents, wanted, summary)
    else:
        _publish(documents, wanted, summary, progress)
    return summary


def adoptable(
    documents: Documents, filters: Filters, doc_ids: Sequence[str] | None = None
) -> list[Row]:
    """Return the chosen documents, each as an essay or with the fault it has."""
    listed = None if doc_ids is None else json.dumps(list(doc_ids))
    values = filters.parameters() | {"doc_ids": listed}
    return rows_of(documents, sql("cohorts/adoptable.sql"), values)


def _refused(
    rows: Sequence[Row], doc_ids: Sequence[str], tasks: Mapping[str, Sequence[str]]
) -> list[Row]:
    """Return the documents that somebody wants as essays, but that cannot be ones."""
    wanted = set(doc_ids)
    usable = {row["doc_id"] for row in rows if not row["fault"]}
    for of_task in tasks.values():
        if usable.isdisjoint(of_task):
            wanted.update(of_task)
    return [row for row in rows if row["fault"] and row["doc_id"] in wanted]


def _is_published(layout: Layout, row: Row) -> bool:
    return all(
        is_there(layout.generation(stage, row[f"{stage}_id"]))
        for stage in ("draft", "essay")
    )


def _compare(documents: Documents, rows: Iterable[Row], summary: Summary) -> None:
    """Count what adopting would do."""
    drafts: set[str] = set()
    for row, _ in _new_essays(documents, rows, summary):
        summary.essays_adopted += 1
        summary.essays.append(row["essay_id"])
        drafts.add(row["draft_id"])
    summary.drafts_written = sum(
        not is_there(documents.layout.generation("draft", each)) for each in drafts
    )


def _publish(
    documents: Documents, rows: Sequence[Row], summary: Summary, progress: Progress
) -> None:
    """Write all directories in batches, each batch complete before it is named."""
    layout = documents.layout
    unpublished = layout.unpublished_generations
    remove_tree(unpublished)  # a killed run's
    unpublished.mkdir(parents=True)
    for stage in ("draft", "essay"):
        (layout.generations / stage).mkdir(exist_ok=True)
    progress(0, len(rows))
    with opened_staging(unpublished) as staging:
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            _publish_some(documents, some, summary, staging)
            progress(start + len(some), len(rows))
    unpublished.rmdir()
    sync_file_system(layout.generations)


def _publish_some(
    documents: Documents, rows: Sequence[Row], summary: Summary, staging: Staging
) -> None:
    """Publish one batch: the drafts first, so that no essay is without its draft."""
    layout = documents.layout
    new: list[str] = []
    before = len(summary.essays)
    for row, texts in _new_essays(documents, rows, summary):
        metadata = {_METADATA: row["essay_metadata"].encode()}
        staging.write(_staged("essay", row["essay_id"]), metadata | texts)
        new.append(row["essay_id"])
    essays = {*summary.essays[before:], *new}
    drafts = {
        row["draft_id"]: row["draft_metadata"]
        for row in rows
        if row["essay_id"] in essays
        and not is_there(layout.generation("draft", row["draft_id"]))
    }
    for draft_id, metadata_text in drafts.items():
        metadata = {_METADATA: metadata_text.encode()}
        staging.write(_staged("draft", draft_id), metadata)
    if not (new or drafts):
        return
    sync_file_system(staging.path)
    for draft_id in drafts:
        _rename(layout, staging, "draft", draft_id)
    for essay_id in new:
        _rename(layout, staging, "essay", essay_id)
    summary.drafts_written += len(drafts)
    summary.essays_adopted += len(new)
    summary.essays += new


def _rename(layout: Layout, staging: Staging, stage: str, gen_id: str) -> None:
    final = layout.generation(stage, gen_id)
    if not staging.publish(_staged(stage, gen_id), final):
        raise CohortError(f"another program made {final} meanwhile: adopt again")


def _staged(stage: str, gen_id: str) -> str:
    """Return the temporary name of a generation: drafts and essays share ids."""
    return f"{stage}.{gen_id}"


def _new_essays(
    documents: Documents, rows: Iterable[Row], summary: Summary
) -> Iterator[tuple[Row, dict[str, bytes]]]:
    """Yield the essays that are not in the store, with their texts; count the others.

    A directory that holds another text is a conflict, and a document that is not as it
    was ingested is damaged: an evaluation of it would be paid for in vain.
    """
    parsers = parser_for(documents.layout)
    for some in chunks(rows, _READ):
        undamaged = _undamaged(documents, some, parsers, summary)
        for row in some:
            texts = undamaged.get(row["doc_id"])
            if texts is None:
                continue
            folder = documents.layout.generation("essay", row["essay_id"])
            if not is_there(folder):
                yield row, texts
            elif fault := _conflict(folder, texts):
                summary.conflicts.append(f"{documents.layout.within(folder)} {fault}")
            else:
                summary.essays_there_before += 1
                summary.essays.append(row["essay_id"])


def _undamaged(
    documents: Documents, rows: Iterable[Row], parsers: AnyParser, summary: Summary
) -> dict[str, dict[str, bytes]]:
    """Return the texts of the documents that are as they were ingested, by doc_id.

    parsed.txt is what its parser makes of raw.txt, as it is to `verify`. Of a parser
    that is not there any more, the length alone is known.
    """
    texts: dict[str, dict[str, bytes]] = {}
    parsed: list[tuple[Document, str]] = []
    for row in rows:
        document = documents.get(row["doc_id"])
        try:
            texts[document.doc_id] = _texts(documents, document)
        except DamagedDocumentError as error:
            summary.damaged.append(str(error))
            continue
        if document.parser in parsers.names:
            parsed.append((document, document.parser))
    raw = [(parser, texts[document.doc_id][RAW]) for document, parser in parsed]
    made = parser_of(parsers.expression).parse(raw)
    for (document, _), text in zip(parsed, made, strict=True):
        if text is None or text.encode() != texts[document.doc_id][PARSED]:
            summary.damaged.append(str(_damaged(document, PARSED)))
            del texts[document.doc_id]
    return texts


def _texts(documents: Documents, document: Document) -> dict[str, bytes]:
    """Return the files of an essay that have the texts of a document.

    Raises:
        DamagedDocumentError: they are not as they were ingested.
    """
    raw = documents.read_bytes(document, "raw")
    if hashlib.sha256(raw).hexdigest() != document.content_hash:
        raise _damaged(document, RAW)
    parsed = documents.read_parsed(document) or ""
    texts = {RAW: raw, PARSED: parsed.encode()}
    is_another = document.parser is None and texts[PARSED] != raw
    if is_another or len(parsed) != document.parsed_chars:
        raise _damaged(document, PARSED)
    if documents.has_prompt(document):
        texts[PROMPT] = documents.read_bytes(document, "prompt")
    return texts


def _damaged(document: Document, name: str) -> DamagedDocumentError:
    return DamagedDocumentError(
        f"docs/{document.doc_dir}/{name} is not the text that was ingested; {VERIFY}"
    )


def _conflict(folder: Path, texts: dict[str, bytes]) -> str | None:
    """Say what keeps a directory of the store from being this essay, None if it is."""
    try:
        if read_bytes(folder, _METADATA) is None:
            return f"has no {_METADATA}"
        for name in (RAW, PARSED):
            if read_bytes(folder, name) != texts[name]:
                return f"has another {name} than the document"
    except BlockedError as error:
        return f"cannot be read: {error}"
    return None


def _refusal(rows: Sequence[Row]) -> str:
    listed = [f"{row['doc_id']}: {_FAULTS[row['fault']]}" for row in rows]
    return (
        f"{len(rows)} of the documents cannot be evaluated as essays, nothing was "
        f"written:\n{first_few(listed)}"
    )
