"""Write the scores of the whole generation store, for the next choice of essays.

The dbt models of `models/scores` decide every value. Owns
`7_cross_experiment/aggregated_scores.csv`, and writes nothing else below the data root.
"""

from dataclasses import dataclass

import duckdb

from docs_index.disk.lock import held_lock
from docs_index.disk.publish import publish_file
from docs_index.errors import BuildError
from docs_index.layout import Layout
from docs_index.quoting import literal
from docs_index.resources import sql
from docs_index.warehouse.dbt_run import build_models, dbt_folder
from docs_index.warehouse.score_inputs import read_ahead

_COUNTED = "select count(*) from main.evaluation_scores"


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
    """Replace aggregated_scores.csv; a file with the same content is left alone.

    Waits a while for another process that aggregates the scores of this data root.

    Raises:
        BuildError: dbt failed; nothing was written.
        LockedError: the other process has not ended in time.
        OSError: writing failed; the last file is still there.
    """
    folder = dbt_folder(layout, "scores")
    with held_lock(folder / ".lock"):
        with read_ahead(layout) as (pipe, environment):
            failure = build_models(layout, "scores", folder, environment, [pipe])
        if failure:
            raise BuildError(f"dbt could not aggregate the scores: {failure}")
        made = folder / "scores.csv"
        database = str(folder / "build.duckdb")
        with duckdb.connect(database, read_only=True) as db:
            to = f"{literal(made)} (header)"
            db.execute(f"copy ({sql('cohorts/aggregated_scores.sql')}) to {to}")
            [(evaluations,)] = db.execute(_COUNTED).fetchall()
            counted = db.execute(sql("cohorts/unscored_by_error.sql")).fetchall()
            unread = db.execute(sql("cohorts/unread_generations.sql")).fetchall()
        is_new = publish_file(layout.scores, made)
    unscored = dict(counted)
    return Summary(
        data_root=str(layout.root),
        evaluations=evaluations,
        scored=evaluations - sum(unscored.values()),
        unscored=unscored,
        unreadable=[message for (message,) in unread],
        changed_files=[layout.within(layout.scores)] if is_new else [],
    )
