"""The index row and the files of a document that a program adds.

Owns the rules for such a document. Reads and writes no file. Contract: docs/rules.md,
section 12.
"""

import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from docs_index.errors import DocumentRefusedError, first_few
from docs_index.index.ids import instant_text, key, logical_key_id
from docs_index.index.row import Document
from docs_index.layout import RESPONSES
from docs_index.vocabulary import PARENT_STAGES, PARSERS, RESULTS

_OF_A_TABLE = re.compile(rf"(?:{'|'.join(RESULTS)}):")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|.)")
_BLANKS = " \t\r\n"
_NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?")
_LARGEST_SCORE = 1e100  # as macros/rules/parsed_score.sql


@dataclass(frozen=True, kw_only=True)
class NewDocument:
    """A document as a program describes it.

    A draft has a `combo_id`. The other stages have a `parent_doc_id`, and the combo of
    their parent. `attempt_id` is the caller's name for this attempt; adding the attempt
    again takes the same one. `timestamp` is the time of the attempt, in the form of the
    results tables.

    Without a `parser`, `parsed.txt` is the raw text. With one, `parsed` is the parsed
    text, None if the raw text could not be parsed.

    `legacy_file` is a path under `3_generation/` for a second copy of the raw text.
    """

    stage: str
    task_id: str
    template_id: str
    model_id: str
    timestamp: str
    attempt_id: str
    raw: str
    combo_id: str | None = None
    parent_doc_id: str | None = None
    parser: str | None = None
    parsed: str | None = None
    prompt: str | None = None
    legacy_file: str | None = None


@dataclass(frozen=True)
class Ready:
    """An index row, and the files of its directory."""

    document: Document
    contents: dict[str, bytes]


def made_ready(
    new: NewDocument,
    run_id: str,
    parent: Document | None,
    own_parsers: Collection[str] = (),
) -> Ready:
    """Return the row and the files of a new document.

    `own_parsers` has the names in 1_raw/parsers.csv.

    Raises:
        DocumentRefusedError: the document breaks rules; names all of them.
    """
    if faults := list(_faults(new, run_id, parent, own_parsers)):
        name = f"{new.stage} {new.task_id!r}, attempt {new.attempt_id!r}"
        raise DocumentRefusedError(f"{name} was not added:\n{first_few(faults)}")
    template_id, model_id = new.template_id.strip(_BLANKS), new.model_id.strip(_BLANKS)
    combo_id = parent.combo_id if parent else (new.combo_id or "").strip(_BLANKS)
    base = parent.doc_id if parent else combo_id or ""
    logical_key = logical_key_id(new.stage, base, template_id, model_id)
    doc_id = key(logical_key, run_id, new.attempt_id)
    raw = new.raw.encode()
    parsed = new.parsed if new.parser else new.raw
    small: dict[str, object] = {
        "combo_id": combo_id,
        "response_file": new.legacy_file,
        "row_index": None,
        "row_key": new.attempt_id,
        "source_csv": "runtime",
        "timestamp": new.timestamp,
    }
    if parent:
        small |= {"link_method": "given", "parent_task_id": parent.task_id}
    document = Document(
        doc_id=doc_id,
        logical_key_id=logical_key,
        stage=new.stage,
        task_id=new.task_id,
        parent_doc_id=new.parent_doc_id,
        template_id=template_id,
        model_id=model_id,
        run_id=run_id,
        row_key=new.attempt_id,
        parser=new.parser,
        status="parse_error" if parsed is None else "ok",
        created_at=instant_text(new.timestamp) or "",
        doc_dir=f"{new.stage}/{logical_key}/{doc_id}",
        raw_bytes=len(raw),
        raw_chars=len(new.raw),
        parsed_chars=None if parsed is None else len(parsed),
        content_hash=sha256(raw).hexdigest(),
        score=_score(new, parsed),
        meta_small=_json(small, separators=(",", ":")),
    )
    texts = {"parsed.txt": parsed, "prompt.txt": new.prompt}
    files = {name: text.encode() for name, text in texts.items() if text is not None}
    columns = {k: v for k, v in asdict(document).items() if k != "meta_small"}
    metadata = f"{_json(columns | small, indent=2)}\n"
    return Ready(
        document, {"raw.txt": raw, **files, "metadata.json": metadata.encode()}
    )


def _json(fields: dict[str, object], **form: object) -> str:
    """Return an object as the build writes it (macros/duckdb/json_text.sql)."""
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, **form)  # type: ignore[arg-type]
    # The build writes escapes such as \u001F with upper-case digits.
    return _ESCAPE.sub(
        lambda found: f"\\u{found[1].upper()}" if found[1] else found[0], text
    )


def _score(new: NewDocument, parsed: str | None) -> float | None:
    """Return the number that an evaluation's parser found, None if it is none."""
    if new.stage != "evaluation" or new.parser is None or parsed is None:
        return None
    text = parsed.strip(_BLANKS)
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    # No negative zero, which SQLite would not keep.
    return number + 0.0 if abs(number) <= _LARGEST_SCORE else None


def _faults(
    new: NewDocument,
    run_id: str,
    parent: Document | None,
    own_parsers: Collection[str],
) -> Iterator[str]:
    named = {"task_id", "template_id", "model_id", "attempt_id"}
    named |= {"combo_id"} if new.stage == "draft" else {"parent_doc_id"}
    values = {name: getattr(new, name) for name in sorted(named)} | {"run_id": run_id}
    for name, value in values.items():
        if not (value or "").strip(_BLANKS):
            yield f"{name} is blank"
    for name, text in asdict(new).items():
        if text is not None and not _is_text(text, name):
            yield f"{name} is not UTF-8, or has a NUL"
    if new.stage not in PARENT_STAGES:
        yield f"stage must be one of {', '.join(PARENT_STAGES)}"
    elif new.stage == "draft" and new.parent_doc_id is not None:
        yield "a draft has no parent_doc_id"
    elif new.stage != "draft" and new.combo_id is not None:
        yield f"a new {new.stage} has the combo_id of its parent: leave combo_id out"
    if _OF_A_TABLE.match(new.attempt_id):
        yield "attempt_id begins like the row_key of a source row: choose another"
    yield from _faults_of_texts(new, own_parsers)
    yield from _faults_of_parent(new, parent)


def _faults_of_texts(new: NewDocument, own_parsers: Collection[str]) -> Iterator[str]:
    if new.parser is None and new.parsed not in (None, new.raw):
        yield "parsed differs from raw, but no parser is named"
    known = (*PARSERS, *own_parsers)
    if new.parser is not None and new.parser not in known:
        yield f"parser {new.parser!r} is none of {', '.join(known)}"
    if new.parser == "identity" and new.parsed != new.raw:
        yield "with the parser identity, parsed must equal raw"
    if new.legacy_file is not None:
        parts = PurePosixPath(new.legacy_file).parts
        if not parts or parts[0] == "/" or ".." in parts:
            yield f"legacy_file is not below {RESPONSES}/"


def _faults_of_parent(new: NewDocument, parent: Document | None) -> Iterator[str]:
    created_at = instant_text(new.timestamp)
    if created_at is None:
        yield (
            f"timestamp {new.timestamp!r} is invalid: write it as 2025-07-01T12:00:00Z"
        )
    if new.parent_doc_id and parent is None:
        yield f"its parent {new.parent_doc_id!r} is not in the index"
    if parent and parent.stage not in PARENT_STAGES.get(new.stage, ()):
        yield f"its parent is of stage {parent.stage}"
    if (
        parent
        and new.stage == "essay"
        and created_at
        and (parent.created_at or "") > created_at
    ):
        yield f"its parent is later than it: {parent.created_at}"


def _is_text(text: str, name: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text or name in ("raw", "parsed", "prompt")
