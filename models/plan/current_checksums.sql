-- One row per list of the index, with the checksum of its rows after this run.
{% set relations = {
    "bad_generations": ref("bad_generations"),
    "link_candidates": ref("link_candidates"),
    "backfill_conflicts": ref("conflicts"),
    "backfill_notices": ref("notices"),
    "backfill_counters": ref("backfill_counters"),
    "column_descriptions": ref("column_descriptions"),
} %}
with final as (
    {%- for name in index_lists() %}
    {{ list_checksum(name, relations[name], list_texts(name)) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from final
