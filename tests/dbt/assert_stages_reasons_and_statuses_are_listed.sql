-- Fails when a stage, a reason or a status is not in its seed. Readers select by these
-- words, and the README explains no others.
-- Does not check that every listed word is in use.
{{ config(meta={"dagster": {"ref": {"name": "documents"}}}) }}
with documents as (select * from {{ ref("documents") }}),

bad_generations as (select * from {{ ref("bad_generations") }}),

listed as (
    select
        'stage' as kind,
        stage as word
    from {{ ref("stages") }}
    union all
    select
        'status' as kind,
        status as word
    from {{ ref("statuses") }}
    union all
    select
        'reason' as kind,
        reason as word
    from {{ ref("reasons") }}
),

used as (
    select
        'stage' as kind,
        stage as word,
        row_key as example
    from documents
    union all
    select
        'status' as kind,
        status as word,
        row_key as example
    from documents
    union all
    select
        'reason' as kind,
        reason as word,
        source_csv || ' row ' || row_index as example
    from bad_generations
)

select
    used.kind,
    used.word,
    count(*) as uses,
    min(used.example) as example
from used
left join listed on used.kind = listed.kind and used.word = listed.word
where listed.word is null
group by used.kind, used.word
