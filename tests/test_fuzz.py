"""Spoiled data roots are built as the oracle says, or refused by name; no row is lost.

Every root is spoiled in one to four places: bytes, columns and values of its tables,
response paths, texts, and what kind of file they are.
"""

import random
from collections import Counter
from pathlib import Path

import duckdb
import oracle
import pytest
from agreement import ask_oracle, build, check, written_root
from harness import Built, Models
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from mutations import mutate_files, mutate_tables, remove_all_tables
from roots import RESULTS, DataRoot, data_roots
from sampling import SOAK

from docs_index.errors import DocsIndexError

pytestmark = pytest.mark.soak
FEW, MANY = 10, 1000 if SOAK else 20
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # the seed does not shrink


def check_no_row_is_lost(built: Built) -> None:
    placed = Counter(row["row_key"].partition(":")[0] for row in built.documents)
    left_out = Counter(row["source_csv"] for row in built.bad)
    for source in RESULTS:
        rows = built.counters[f"rows_{source}"]
        assert placed[source] + left_out[source] == rows


def refused_files(root: Path) -> list[str]:
    """Return the tables that the oracle refuses, or the root where it has none."""
    refused = []
    for source in RESULTS:
        for read, path in (
            (oracle.read_rows, f"7_cross_experiment/{RESULTS[source]}"),
            (oracle.read_parsers, f"1_raw/{source}_templates.csv"),
        ):
            try:
                read(root, source)
            except oracle.Refused:
                refused.append(f"{root}/{path} ")
    return refused or [f"data root {root} has none of the results tables"]


def outcome(models: Models, description: DataRoot, rng: random.Random) -> str:
    """Spoil one root, hold its build against the oracle, and say what became of it."""
    for _ in range(rng.choice([0, 1, 1, 2])):
        description = mutate_tables(rng, description)
    with written_root(description) as root:
        for _ in range(rng.choice([0, 1, 1, 2])):
            mutate_files(rng, root)
        if rng.random() < 0.01:
            remove_all_tables(root)
        try:
            wanted = ask_oracle(root, description)
        except oracle.Refused:
            with pytest.raises((DocsIndexError, duckdb.Error)) as refusal:
                build(models, root, description)
            said = str(refusal.value)
            if isinstance(refusal.value, DocsIndexError):
                assert any(path in said for path in refused_files(root))
                return "refused"
            assert "which is not known" in said
            return "refused for a parser"
        built = build(models, root, description)
        check(built, wanted, root, description.max_response_bytes)
        check_no_row_is_lost(built)
        return "built"


@pytest.mark.parametrize("roots", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_spoiled_roots_are_built_as_the_oracle_says_or_refused(
    models: Models, capsys: pytest.CaptureFixture[str], roots: int
) -> None:
    outcomes: Counter[str] = Counter()

    @settings(max_examples=roots, phases=PHASES)
    @given(description=data_roots(), seed=st.integers(0, 2**32))
    def spoil(description: DataRoot, seed: int) -> None:
        outcomes[outcome(models, description, random.Random(seed))] += 1

    spoil()
    with capsys.disabled():
        print(f"\n{outcomes.total()} spoiled data roots: {dict(outcomes)}")
    assert outcomes.total() >= roots
    assert outcomes["built"] >= roots // 5
    assert outcomes["refused"] >= roots // 20
