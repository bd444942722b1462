"""What can be wrong with a data root: the codes, and the report of them.

The codes are stable: scripts may depend on them. Their meanings and remedies are in
`findings.csv`, and in docs/verifying.md for people.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from docs_index.errors import SHOWN
from docs_index.resources import words

_WIDTH = 76


class Finding(NamedTuple):
    """One thing that is wrong.

    `code` is one of findings.csv, `detail` says what was found. `path` is relative to
    the data root; `doc_id` is None where the finding is not about a document.
    """

    code: str
    doc_id: str | None
    path: str
    detail: str


class Known(NamedTuple):
    """What a code means, and what to do about it."""

    code: str
    meaning: str
    remedy: str


@dataclass(frozen=True)
class Report:
    """What a check of a data root has found; docs/verifying.md describes the JSON.

    `sources_missing` counts the documents whose response file is gone, or cannot be
    used any more, and was not looked at. `is_complete` is false where the index could
    not be read to its end. `undecided` is the number of findings that were left out
    because a run was working meanwhile.
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
    """Return every code, in the order in which findings are shown."""
    return {row["code"]: Known(**row) for row in words("audit/findings.csv")}


def in_order(findings: list[Finding]) -> tuple[list[Finding], dict[str, int]]:
    """Return findings by code, path and detail, and the number of each code."""
    rank = {code: number for number, code in enumerate(known_findings())}
    findings = sorted(
        findings, key=lambda each: (rank[each.code], each.path, each.detail)
    )
    return findings, dict(Counter(each.code for each in findings))


def report_lines(report: Report) -> Iterator[str]:
    """Yield the lines of a report: of each code its remedy, and the first few."""
    yield f"data root {report.data_root}"
    yield (
        f"{report.documents} documents in the index, {report.directories} "
        f"directories, {report.documents_read} read"
    )
    if report.sources_missing:
        yield f"{report.sources_missing} response files are gone: not looked at"
    yield from finding_lines(report.findings)
    if report.undecided:
        who = report.running or "a run"
        yield f"\n{who} was at work: {report.undecided} things it may yet settle"
        yield "were not judged. Verify again when it has ended."
    if not report.is_complete:
        yield "\nthe index could not be read to its end: nothing else was looked at"
    number = len(report.findings)
    yield f"\n{number or 'nothing'} found"


def finding_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield findings by code: what it means, what to do, and the first few."""
    for code, known in known_findings().items():
        found = [each for each in findings if each.code == code]
        if not found:
            continue
        yield f"\n{code}: {len(found)}"
        yield from _folded(f"{known.meaning} {known.remedy}", "  ")
        for each in found[:SHOWN]:
            yield f"  - {each.path}"
            yield from _folded(_plain(each.detail), "    ")
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


def _folded(text: str, indent: str) -> Iterator[str]:
    """Yield a text in lines that fit a terminal; what has no blank is not cut."""
    line = indent
    for word in text.split():
        if len(line) + len(word) > _WIDTH and line.strip():
            yield line.rstrip()
            line = indent
        line += f"{word} "
    if line.strip():
        yield line.rstrip()
