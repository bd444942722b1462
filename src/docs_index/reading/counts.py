"""What there is, and what there is not: the queries of `stats` and `gaps`."""

from typing import Any

from docs_index.documents import Documents
from docs_index.reading.asking import rows_of

_VALUES = {"month": "substr(created_at, 1, 7)"}
_SUMS = """
    count(*) as documents,
    coalesce(sum(status != 'ok'), 0) as parse_errors,
    coalesce(sum(raw_bytes), 0) as raw_bytes,
    coalesce(sum(raw_chars), 0) as raw_chars,
    coalesce(sum(parsed_chars), 0) as parsed_chars
"""
_STAGE_OF = "case source_csv when 'link' then 'draft' else source_csv end"
_IN_ORDER = "case stage when 'draft' then 1 when 'essay' then 2 else 3 end"

# Every template with every model of its stage, as documents and bad rows have them.
_PAIRS = f"""
with seen as (
    select
        stage,
        template_id,
        model_id,
        count(*) as documents,
        sum(status = 'ok') as parsed,
        0 as bad_rows
    from documents
    group by stage, template_id, model_id
    union all
    select
        {_STAGE_OF},
        template_id,
        model_id,
        0,
        0,
        count(*)
    from bad_generations
    where template_id is not null and model_id is not null
    group by 1, 2, 3
),

pairs as (
    select *
    from (select distinct stage, template_id from seen)
    inner join (select distinct stage, model_id from seen) using (stage)
)

select
    pairs.stage,
    pairs.template_id,
    pairs.model_id,
    coalesce(sum(documents), 0) as documents,
    coalesce(sum(documents) - sum(parsed), 0) as parse_errors,
    coalesce(sum(bad_rows), 0) as bad_rows
from pairs
left join seen using (stage, template_id, model_id)
group by 1, 2, 3
having ?1 or coalesce(sum(parsed), 0) = 0
order by
    case pairs.stage when 'draft' then 1 when 'essay' then 2 else 3 end,
    pairs.template_id,
    pairs.model_id
"""


def gaps(documents: Documents, *, everything: bool) -> list[dict[str, Any]]:
    """Return the pairs of template and model without a document that parsed.

    With `everything` also those that have one.
    """
    return rows_of(documents, _PAIRS, [everything])


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
    order = f"{_IN_ORDER}, {places}" if "stage" in columns else places
    return rows_of(
        documents,
        f"select {chosen}, {_SUMS} from documents group by {places} order by {order}",
    )
