"""What a run says of evaluations that are not done, a line each with the way out."""

from collections.abc import Collection, Iterator

from docs_index.cohorts.answers import KEPT
from docs_index.cohorts.run import Summary
from docs_index.errors import printable

SHOWN = 20
"""So many failed evaluations are named by the error of a run."""


def failed_lines(summary: Summary) -> list[str]:
    """Return a line for each failed evaluation, with its gen_id and why."""
    lines = [
        reason if gen_id in reason else f"{gen_id}: {reason}"
        for gen_id, reason in summary.failed.items()
    ]
    return [printable(line, keep="") for line in lines]


def outcome(summary: Summary, in_batch: Collection[str]) -> str:
    """Return what is not done, by reason and by evaluation, and what to do about it."""
    return "\n".join(_lines(summary, in_batch))


def _lines(summary: Summary, in_batch: Collection[str]) -> Iterator[str]:
    done = summary.done + summary.skipped
    yield f"{summary.counted - done} of {summary.counted} evaluations are not done"
    if summary.stopped:
        yield f"the run stopped: {printable(summary.stopped, keep='')}"
    if summary.failed:
        counts = [f"{count} {reason}" for reason, count in summary.failures.items()]
        yield f"{len(summary.failed)} failed: {', '.join(counts)}"
        failed = failed_lines(summary)
        yield from (f"  {line}" for line in failed[:SHOWN])
        if len(failed) > SHOWN:
            yield f"  ... and {len(failed) - SHOWN} more, each in the log of this run"
    script = f"docs-index cohort run --cohort {summary.cohort_id}"
    kept = ",".join(reason for reason in summary.failures if reason in KEPT)
    if kept:
        yield (
            f"answers that failed are kept: {script} --retry-failed {kept} asks for "
            f"them again, and so does a run with the config retry_failed: {kept}"
        )
    if in_batch:
        yield (
            f"{len(in_batch)} wait for a batch: {script} --batch fetches the answers"
        )
        yield from (f"  {gen_id}" for gen_id in list(in_batch)[:SHOWN])
    if summary.not_started:
        yield (
            f"{summary.not_started} were not started: launch them again; no answer "
            "that is there is bought again"
        )
