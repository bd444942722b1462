"""What DD_COHORT and DD_PREFER_DONE ask for, and the ids of new generations.

Owns which ids can name a folder or file; the macro `is_path_component` has the same
rule in SQL. Reads and writes nothing.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from docs_index.errors import CohortError

_COMPONENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")
_NOTHING = ("", "0", "false", "none", "null")  # what a blank variable may hold
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Combination = tuple[str, str, str]
"""An essay's gen_id, a template_id and an llm_model_id."""


def is_path_component(name: str) -> bool:
    """Tell whether an id can name a file: `A-Za-z0-9._-`, and no dot first."""
    return _COMPONENT.fullmatch(name) is not None


def named_cohort(asked: str | None = None) -> str:
    """Return the cohort id that the user gave, else that of `DD_COHORT`.

    Raises:
        CohortError: neither is given, or the id cannot name a folder.
    """
    named = asked if asked is not None else os.environ.get("DD_COHORT", "")
    if asked is None and named.strip().lower() in _NOTHING:
        raise CohortError("no cohort is named: pass --cohort NAME, or set DD_COHORT")
    cohort_id = named.strip()
    if not is_path_component(cohort_id):
        raise CohortError(
            f"cohort id {cohort_id!r} cannot name a folder: use letters, digits, "
            "'.', '_' and '-', and no dot at the beginning"
        )
    return cohort_id


def is_done_preferred(*, asked: bool = False) -> bool:
    """Tell whether finished evaluations come first: if asked, or by DD_PREFER_DONE."""
    named = os.environ.get("DD_PREFER_DONE", "")
    return asked or named.strip().lower() not in _NOTHING


def evaluation_gen_id(combination: Combination, replicate: int) -> str:
    """Return `v_` and, in base 36, a 10-byte BLAKE2b of combination and replicate."""
    parts = [part.strip().lower() for part in combination]
    written = "|".join((*parts, str(replicate)))
    digest = hashlib.blake2b(written.encode(), digest_size=10).digest()
    number, digits = int.from_bytes(digest, "big"), ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return f"v_{digits or '0'}"


def free_gen_ids(
    wanted: Iterable[tuple[Combination, int]], taken: Iterable[str]
) -> Iterator[tuple[Combination, str, int]]:
    """Yield (combination, gen_id, replicate) for the wanted count of each combination.

    The replicates are the smallest numbers whose gen_id is free. Combinations that
    differ only in case share gen_ids, so the first one takes the first free number.
    Every number is tried once: the cost is the sum of wanted and taken ids, never their
    product.
    """
    used = set(taken)
    tried: Counter[Combination] = Counter()
    for combination, count in wanted:
        essay, template, model = (part.strip().lower() for part in combination)
        key = (essay, template, model)
        found = 0
        while found < count:
            tried[key] += 1
            gen_id = evaluation_gen_id(key, tried[key])
            if gen_id not in used:
                used.add(gen_id)
                found += 1
                yield combination, gen_id, tried[key]
