"""What becomes of the records of `histories.yml`, as the models of a build say it.

Owns how the model `history_outcomes` is read. Decides nothing, and writes nothing.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb

from docs_index.quoting import literal

_OUTCOMES = """
    select
        source_csv, kind, reason, records, example, models,
        strftime(first_at, '%Y-%m-%dT%H:%M:%SZ'),
        strftime(last_at, '%Y-%m-%dT%H:%M:%SZ'),
        untimed,
        case
            when last_at < timestamp '2000-01-01' then 'before 2000'
            when first_at >= timestamp '2100-01-01' then 'after 2100'
        end
    from build.plan.history_outcomes
    order by source_number, precedence nulls first, kind
"""


@dataclass(frozen=True)
class Outcome:
    """So many records of a source become documents of a kind, or are rejected.

    A source without records has one with 0 `records`, of no kind and no reason. A
    document has a `kind`, a rejected record a `reason` and an `example`. `models` are
    the most frequent first. Times are in UTC; `untimed` records have none. `unlikely`
    says where all times are that no language model has.
    """

    source: str
    kind: str | None
    reason: str | None
    records: int
    example: str | None
    models: dict[str, int]
    first_at: str | None
    last_at: str | None
    untimed: int
    unlikely: str | None


def read_outcomes(database: duckdb.DuckDBPyConnection) -> list[Outcome]:
    """Return the outcomes of the build that is attached as `build`."""
    return [
        Outcome(source, kind, reason, records, example, _by_number(models), *times)
        for source, kind, reason, records, example, models, *times in (
            database.execute(_OUTCOMES).fetchall()
        )
    ]


def outcomes_of_build(path: Path) -> Sequence[Outcome]:
    """Return the outcomes of the build in a file."""
    with closing(duckdb.connect()) as database:
        database.execute(f"attach {literal(str(path))} as build (read_only)")
        return read_outcomes(database)


def _by_number(models: str | None) -> dict[str, int]:
    counted = json.loads(models) if models else {}
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))
