"""Find a document by its id, the beginning of its id, its task or its record.

Only reads, through `Documents`. A name that fits several documents is an error that
lists them.
"""

from docs_index.errors import UnknownDocumentError, first_few
from docs_index.index.reader import Documents
from docs_index.index.row import LATEST_FIRST, Document

# The part after the source's name is a record's own id, in documents of records alone.
_OF_RECORD = """
where row_key = ?1
    or (
        substr(row_key, instr(row_key, ':') + 1) = ?1
        and json_extract(meta_small, '$.file') is not null
    )
"""


def chosen(documents: Documents, name: str) -> Document:
    """Return the document of an id, a task's latest attempt, a record, or a prefix.

    Raises:
        UnknownDocumentError: the name fits no document, or several; lists them.
    """
    if exact := documents.find(name):
        return exact
    of_task = of_task_id(documents, name)
    if len({each.stage for each in of_task}) > 1:
        raise _several(name, "task id of several stages", of_task)
    if of_task:
        return of_task[0]
    of_record = list(documents.select(f"{_OF_RECORD} order by {LATEST_FIRST}", name))
    if len({each.row_key for each in of_record}) > 1:
        raise _several(name, "record id of several sources", of_record)
    if of_record:
        return of_record[0]
    if begun := begun_by(documents, name):
        return begun
    raise UnknownDocumentError(
        f"no document has the id, the beginning of an id, the task id, the row_key or "
        f"the record id {name!r}: `docs-index ls` lists documents, `docs-index why` "
        "also finds rejected rows"
    )


def of_task_id(documents: Documents, task_id: str) -> list[Document]:
    """Return the documents of a task, the latest that parsed first."""
    attempts = f"where task_id = ? order by status = 'ok' desc, {LATEST_FIRST}"
    return list(documents.select(attempts, task_id))


def begun_by(documents: Documents, name: str) -> Document | None:
    """Return the document whose id begins with `name`, None if there is none.

    Raises:
        UnknownDocumentError: several ids begin with it; lists them.
    """
    prefix = "where doc_id >= ?1 and doc_id < ?1 || '{' order by doc_id"
    begun = list(documents.select(prefix, name)) if name else []
    if len(begun) > 1:
        raise _several(name, "beginning of several ids", begun)
    return begun[0] if begun else None


def part_of(documents: Documents, document: Document, part: str) -> bytes:
    """Return the bytes of a document's text `raw`, `parsed` or `prompt`.

    Raises:
        UnknownDocumentError: it has no such text.
    """
    if part == "parsed" and document.status == "parse_error":
        raise UnknownDocumentError(
            f"{document.doc_id} has no parsed text: {document.parser} could not parse "
            "it; --part raw shows what there is"
        )
    if part == "prompt" and not documents.has_prompt(document):
        raise UnknownDocumentError(f"{document.doc_id} has no prompt")
    return documents.read_bytes(document, part)


def _several(name: str, what: str, found: list[Document]) -> UnknownDocumentError:
    listed = [f"{each.doc_id}  {each.stage}  {each.task_id}" for each in found]
    return UnknownDocumentError(f"{name!r} is the {what}:\n{first_few(listed)}")
