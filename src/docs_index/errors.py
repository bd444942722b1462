"""The errors that a user can act on, each with the exit code of the scripts.

A message says what is wrong, in which file or row, and what to do next.
"""

from collections.abc import Sequence
from typing import ClassVar

SHOWN = 5
VERIFY = "docs-index verify says what is damaged"


class DocsIndexError(Exception):
    """Base of every error that the user can fix; no file was half-written."""

    exit_code: ClassVar[int] = 2


class DataRootError(DocsIndexError):
    """The data root is missing, or something in it is wrong."""


class TableRefusedError(DocsIndexError):
    """A CSV file is not well-formed; it is taken whole or not at all."""


class ShrunkTableError(DocsIndexError):
    """A results table has lost the rows of most of its documents."""


class BuildError(DocsIndexError):
    """The last dbt build is missing, unfinished, or made for something else."""


class EngineError(DocsIndexError):
    """An engine such as Spark is not known, not installed, or cannot be reached."""


class CohortError(DocsIndexError):
    """A cohort cannot be built, run or chosen from the given options and files."""


class EvaluationError(DocsIndexError):
    """An evaluation could not be finished; the others go on.

    `reason` is one word for all failures that are alike, as a summary counts them.
    """

    exit_code = 1

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class BlockedError(EvaluationError):
    """An evaluation's essay, template or directory is missing or cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "blocked")


class UnusableAnswerError(EvaluationError):
    """An answer was paid for and kept, and has no result."""


class AnswerError(EvaluationError):
    """The endpoint gave no answer, for now or for good."""


class AccessError(AnswerError):
    """The endpoint refuses this key, so every other request would fail too."""


class StoppedError(AnswerError):
    """The run was asked to stop before an answer was asked for."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "stopped")


class InBatchError(AnswerError):
    """An evaluation waits for the answer of a batch."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "in_batch")


class IndexFileError(DocsIndexError):
    """The SQLite index is not a database of this program."""


class IndexRowsError(IndexFileError):
    """Index rows that are in Parquet are lost or damaged."""


class OutputExistsError(DocsIndexError):
    """The output file exists already."""


class BrowserError(DocsIndexError):
    """The pages cannot be served: a package is missing, or the port is taken."""


class UnknownDocumentError(DocsIndexError):
    """The index has no such document, or the name fits several."""


class DamagedDocumentError(DocsIndexError):
    """A document on disk differs from its index row."""

    exit_code = 1


class DocumentRefusedError(DocsIndexError):
    """A program tried to add a document that breaks a rule."""


class LockedError(DocsIndexError):
    """Another run or another program holds a lock that this one needs."""

    exit_code = 75


class StorageError(DocsIndexError):
    """Reading or writing failed, as on a full disk; another run completes the work."""

    exit_code = 74


def printable(text: str, keep: str = "\n") -> str:
    """Return a text with control and invisible characters written as escapes."""
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode()
        for c in text
    )


def told(error: OSError) -> str:
    """Return which file an error of the system is about, and what it is."""
    what = error.strerror or str(error)
    return what if error.filename is None else f"{_text(error.filename)}: {what}"


def _text(name: object) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def first_few(items: Sequence[str]) -> str:
    """Join the first five items, one per line, and say how many more there are."""
    shown = [f"  {item}" for item in items[:SHOWN]]
    if len(items) > SHOWN:
        shown.append(f"  ... and {len(items) - SHOWN} more")
    return "\n".join(shown)
