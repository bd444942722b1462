"""What there is, and what there is not: the queries of `stats` and `gaps`."""

from typing import Any

from docs_index.index.query import rows_of
from docs_index.index.reader import Documents
from docs_index.resources import sql

_VALUES = {"month": "substr(created_at, 1, 7)"}
_SUMS = """
    count(*) as documents,
    coalesce(sum(status != 'ok'), 0) as parse_errors,
    coalesce(sum(raw_bytes), 0) as raw_bytes,
    coalesce(sum(raw_chars), 0) as raw_chars,
    coalesce(sum(parsed_chars), 0) as parsed_chars
"""


def gaps(documents: Documents, *, everything: bool) -> list[dict[str, Any]]:
    """Return the pairs of template and model without a document that parsed.

    With `everything` also those that have one.
    """
    coverage = sql("index/coverage.sql")
    query = (
        "select stage, template_id, model_id, documents, parse_errors, bad_rows "
        f"from ({coverage}) where is_gap or ? order by stage, template_id, model_id"
    )
    return rows_of(documents, query, [everything])


def stats(documents: Documents) -> dict[str, Any]:
    """Return counts and sizes: of all, and by what documents differ in."""
    return {
        "total": rows_of(documents, f"select {_SUMS} from documents")[0],
        "by_stage": _by(documents, "stage"),
        "by_template": _by(documents, "stage", "template_id"),
        "by_model": _by(documents, "stage", "model_id"),
        "by_month": _by(documents, "month"),
        "by_run_id": _by(documents, "run_id"),
        "bad_rows": rows_of(
            documents,
            "select reason, count(*) as rows from bad_generations "
            "group by reason order by 2 desc, 1",
        ),
        "conflicts": rows_of(
            documents,
            "select kind, count(*) as rows from backfill_conflicts "
            "group by kind order by 2 desc, 1",
        ),
    }


def _by(documents: Documents, *columns: str) -> list[dict[str, Any]]:
    chosen = ", ".join(f"{_VALUES.get(name, name)} as {name}" for name in columns)
    places = ", ".join(str(place + 1) for place in range(len(columns)))
    return rows_of(
        documents,
        f"select {chosen}, {_SUMS} from documents group by {places} order by {places}",
    )
