"""The findings of verify: their codes, and the report.

The codes are stable, because scripts may depend on them. Their meanings and remedies
are in `findings.csv`, and docs/verifying.md explains them. Looks at no data root.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from docs_index.errors import SHOWN
from docs_index.resources import words

_WIDEST = 80  # columns of a text: longer lines are hard to read


class Finding(NamedTuple):
    """One problem.

    `code` is one of findings.csv, and `detail` describes the case. `path` is relative
    to the data root. `doc_id` is None if the finding is not about a document.
    """

    code: str
    doc_id: str | None
    path: str
    detail: str


class Known(NamedTuple):
    """The meaning of a code, and its remedy."""

    code: str
    meaning: str
    remedy: str


@dataclass(frozen=True)
class Report:
    """The result of a check; docs/verifying.md describes its JSON.

    `sources_missing` counts the documents whose response file is missing or cannot be
    used any more, and was not compared. `is_complete` is false if the index could not
    be read to its end. `undecided` counts the findings that were left out because a run
    was active during the check.
    """

    data_root: str
    read_data: str
    documents: int
    directories: int
    documents_read: int
    sources_missing: int
    is_complete: bool
    running: str | None
    undecided: int
    counts: dict[str, int]
    findings: list[Finding]


def known_findings() -> dict[str, Known]:
    """Return all codes, in the order of the report."""
    return {row["code"]: Known(**row) for row in words("audit/findings.csv")}


def in_order(findings: list[Finding]) -> tuple[list[Finding], dict[str, int]]:
    """Sort findings by code, path and detail, and count each code."""
    rank = {code: number for number, code in enumerate(known_findings())}
    findings = sorted(
        findings, key=lambda each: (rank[each.code], each.path, each.detail)
    )
    return findings, dict(Counter(each.code for each in findings))


def opening_lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report before its findings: what was looked at."""
    yield f"data root {report.data_root}"
    yield (
        f"{report.documents} documents in the index, {report.directories} in docs/, "
        f"{report.documents_read} read"
    )
    if report.sources_missing:
        yield f"{report.sources_missing} response files are gone: they are not checked"


def closing_lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report after its findings: what is open, and how many."""
    if report.undecided:
        who = report.running or "a run"
        yield f"\n{who} was working: {report.undecided} findings that it may correct"
        yield "are not listed. Verify again when it has ended."
    if not report.is_complete:
        yield "\nthe index could not be read to its end: nothing else was checked"
    number = len(report.findings)
    plural = "" if number == 1 else "s"
    yield f"\n{number or 'no'} problem{plural} found"


def finding_lines(findings: Sequence[Finding], columns: int = _WIDEST) -> Iterator[str]:
    """Yield for each code its meaning, its remedy and the first findings.

    A line has at most so many columns, unless a word is longer.
    """
    width = min(columns, _WIDEST)
    for code, known in known_findings().items():
        found = [each for each in findings if each.code == code]
        if not found:
            continue
        yield f"\n{code}: {len(found)}"
        yield from _folded(f"{known.meaning} {known.remedy}", "  ", width)
        for each in found[:SHOWN]:
            yield f"  - {_plain(each.path)}"
            yield from _folded(_plain(each.detail), "    ", width)
        if len(found) > SHOWN:
            yield f"    ... and {len(found) - SHOWN} more: --json lists all"


def as_object(report: Report) -> dict[str, Any]:
    """Return a report as the JSON object that docs/verifying.md describes."""
    known = known_findings()
    findings = [each._asdict() for each in report.findings]
    remedies = {code: known[code].remedy for code in report.counts}
    return asdict(report) | {"remedies": remedies, "findings": findings}


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text)


def _folded(text: str, indent: str, width: int) -> Iterator[str]:
    """Yield a text in lines that fit a width; a word is never cut."""
    line = indent
    for word in text.split():
        if len(line) + len(word) > width and line.strip():
            yield line.rstrip()
            line = indent
        line += f"{word} "
    if line.strip():
        yield line.rstrip()
