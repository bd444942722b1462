"""Write the scores of the whole generation store, for the next choice of essays.

The dbt models of `models/scores` decide every value. Owns
`7_cross_experiment/aggregated_scores.csv`, and writes nothing else below the data root.
"""

from dataclasses import dataclass

import duckdb

from docs_index.cohorts.dbt_run import build_models, dbt_folder
from docs_index.disk.lock import held_lock
from docs_index.disk.publish import csv_lines, publish
from docs_index.errors import BuildError
from docs_index.layout import Layout
from docs_index.resources import sql


@dataclass(frozen=True)
class Summary:
    """How many evaluations have a score, and why the others have none.

    `unscored` counts evaluations by reason, a word of the seed `score_errors`.
    `unreadable` lists the directories of the store that cannot be used.
    """

    data_root: str
    evaluations: int
    scored: int
    unscored: dict[str, int]
    unreadable: list[str]
    changed_files: list[str]


def aggregate_scores(layout: Layout) -> Summary:
    """Write aggregated_scores.csv anew, as a whole; an equal file is left alone.

    Waits a while for another one that is at it on the same data root.

    Raises:
        BuildError: dbt failed; nothing was written.
        LockedError: another one has not ended in time.
        OSError: writing failed; the last file is still there.
    """
    folder = dbt_folder(layout, "scores")
    with held_lock(folder / ".lock"):
        failure = build_models(layout, "scores", folder)
        if failure:
            raise BuildError(f"dbt could not aggregate the scores: {failure}")
        database = str(folder / "build.duckdb")
        with duckdb.connect(database, read_only=True) as db:
            found = db.execute(sql("cohorts/aggregated_scores.sql"))
            columns = [name for name, *_ in found.description or ()]
            rows = found.fetchall()
            counted = db.execute(sql("cohorts/unscored_by_error.sql")).fetchall()
            unread = db.execute(sql("cohorts/unread_generations.sql")).fetchall()
        content = "".join(csv_lines([columns, *rows])).encode()
        is_new = publish(layout.scores, content)
    unscored = dict(counted)
    return Summary(
        data_root=str(layout.root),
        evaluations=len(rows),
        scored=len(rows) - sum(unscored.values()),
        unscored=unscored,
        unreadable=[message for (message,) in unread],
        changed_files=[layout.within(layout.scores)] if is_new else [],
    )
