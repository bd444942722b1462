"""What becomes of the records of a history, in a line of words.

Imports nothing that reads histories, so that a run without one starts as fast.
"""

from collections.abc import Iterable

from docs_index.warehouse.histories.outcomes import Outcome


def counted(number: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def ends_in_words(outcomes: Iterable[Outcome]) -> str:
    """Return how many records become what, such as `3 generations, 1 rejected`."""
    outcomes = list(outcomes)
    parts = [
        counted(each.records, each.kind)
        for each in outcomes
        if each.kind and each.records
    ]
    rejected = sum(each.records for each in outcomes if each.reason)
    parts += [f"{rejected:,} rejected"] if rejected else []
    return ", ".join(parts) or "no records"
