"""The output of `docs-index why` without --json: sentences and tables.

Owns their words; `index.why` decides what became of a row. In a pipe each sentence has
the name of what it says in front of it, and a tab.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from docs_index.apps.cli.text_fit import cut
from docs_index.apps.cli.text_tables import (
    on_terminal,
    plain,
    say,
    show_table,
    show_title,
)

Part = Mapping[str, Any]

_LONGEST = 2000  # columns of a sentence, because an id in it may have megabytes
_NAMED = ("rejected", "rule")  # what no sentence says without its name
_REINDEXED = (
    "this index was rebuilt from the directories, and has no candidates yet: "
    "docs-index run writes them"
)
_CANDIDATES = {
    "timestamp_join": "candidates for its parent",
    "essay_task_id": "candidates by its essay_task_id",
    "generation_task_id": "candidates by its generation_task_id",
}
_ASKED_BY = {
    "timestamp_join": "essays that could have been written from it",
    "essay_task_id": "evaluations whose essay_task_id names it",
    "generation_task_id": "evaluations whose generation_task_id names it",
    "repair": "documents that a repair gave it",
    "given": "documents that a program gave it",
    "follows": "records that were made from it",
    "target": "records that judge it",
}


def show_reasons(found: Part) -> None:
    """Print what became of each attempt that was found, and why."""
    for number, attempt in enumerate(found["attempts"]):
        if number:
            typer.echo()
        _show_attempt(attempt, has_candidates=found["has_candidates"])
    more = found["total"] - len(found["attempts"])
    if more:
        typer.echo(f"{more} more attempts fit the name; --limit 0 shows all", err=True)
    if not found["has_candidates"]:
        typer.echo(_REINDEXED, err=True)


def _show_attempt(attempt: Part, *, has_candidates: bool) -> None:
    title = {
        "row": _name(attempt),
        "task_id": attempt["task_id"],
        "timestamp": attempt["timestamp"],
    }
    if on_terminal():
        show_title("  ".join(filter(None, title.values())))
    else:
        for name, value in title.items():
            typer.echo(f"{name}\t{plain(value)}")
    for name, sentence in _sentences(attempt, has_candidates=has_candidates):
        is_named = on_terminal() and name in _NAMED
        _say(name, f"{name}: {sentence}" if is_named else sentence)
    for join in attempt["candidates"]:
        _show_list(_CANDIDATES[join["link_method"]], join, join["rule"])
    for join in attempt["asked_by"]:
        got = f"{join['chosen']} of them got it"
        _show_list(_ASKED_BY.get(join["link_method"], "children"), join, got)
    if attempt["same_key"]["total"] > 1:
        _show_list("attempts to get the same text", attempt["same_key"], "")


def _sentences(attempt: Part, *, has_candidates: bool) -> Iterator[tuple[str, str]]:
    """Yield what became of an attempt, and the remedy, each with its name."""
    if attempt["fate"] == "document":
        parsed = "" if attempt["status"] == "ok" else ", which does not parse"
        of_run = f"of run {attempt['run_id']}{parsed}"
        yield "document", f"{attempt['stage']} {attempt['doc_id']} {of_run}"
        if attempt["file"]:
            yield "record", f"from {attempt['file']}, record {attempt['position']}"
        for copy in attempt["copies"]:
            place = copy["detail"].rpartition(": it repeats ")[0]
            yield "copy", f"{_name(copy)} repeats it: {place}"
    elif attempt["fate"] == "bad_row":
        yield "rejected", attempt["reason"]
        yield "detail", attempt["detail"]
        if repeated := attempt["repeats"]:
            became = repeated["doc_id"] or f"rejected: {repeated['reason']}"
            yield "repeats", f"{_name(repeated)} is {became}"
    else:
        yield "conflict", f"not in the index: {attempt['reason']}"
    for repair in attempt["repair"] or ():
        yield "repair", _repaired(repair)
    if attempt["conflict"]:
        conflict = attempt["conflict"]
        yield "conflict", f"{conflict['kind']}: {conflict['detail']}"
    for notice in attempt["notices"]:
        yield "notice", f"{notice['kind']}: {notice['detail']}"
    if attempt["remedy"]:
        yield "remedy", attempt["remedy"]
    parent = attempt["parent"]
    if parent:
        named = f"{parent['stage']} {parent['doc_id']} {parent['task_id']}"
        yield "parent", f"its parent is {named}"
        for link in attempt["links"][1:]:
            linked = f"{link['stage']} {link['doc_id']} {link['task_id']}"
            yield "target", f"it judges {linked} too"
        if not attempt["candidates"]:
            yield "rule", attempt["rule"]
            if not attempt["is_of_last_build"]:
                kept = "only the candidates of the last build are kept"
                yield "candidates", f"it is of another run_id, and {kept}"
            elif has_candidates and attempt["is_joined"] and not attempt["conflict"]:
                yield "candidates", "the last build had no other candidate"


def _repaired(repair: Mapping[str, str]) -> str:
    was = f", was {repair['was']}" if "was" in repair else ""
    by = f", by {repair['by']}" if "by" in repair else ""
    reason = f": {repair['reason']}" if "reason" in repair else ""
    return f"repaired by {repair['action']} {repair['value']}{was}{by}{reason}"


def _show_list(title: str, listed: Part, words: str) -> None:
    typer.echo()
    show_title(f"{title}: {listed['total']}")
    if words:
        _say("rule", words)
    _show_rows(listed["listed"])
    more = listed["total"] - len(listed["listed"])
    if more:
        _say("more", f"and {more} more: --limit 0 lists all")


def _show_rows(rows: Sequence[Part]) -> None:
    show_table(
        [
            {
                "row": _name(row),
                "created": _moment(row["created_at"]),
                "document": row["reason"] or row["doc_id"],
                "rule": row["rule"],
            }
            for row in rows
        ],
        spare=["created"],
    )


def _name(row: Part) -> str:
    """Return the name of a row: its table, and its number if that is known."""
    number = "" if row["row_index"] is None else f":{row['row_index']}"
    return f"{row['source_csv']}{number}"


def _moment(text: str | None) -> str | None:
    return text[:19].replace("T", " ") if text and on_terminal() else text


def _say(name: str, sentence: str) -> None:
    if on_terminal():
        say(cut(sentence, _LONGEST), "  ")
    else:
        typer.echo(f"{name}\t{plain(' '.join(sentence.split()))}")
