-- Fails when a stage, a reason, a status, a source or a link method is not in its seed.
-- Readers select by these words, and docs/glossary.md explains no others. Histories
-- have stages and sources of their own, which histories.yml names.
-- Does not check that every listed word is in use.
{{ config(meta={"dagster": {"ref": {"name": "documents"}}}) }}
with documents as (
    select documents.*
    from {{ ref("documents") }} as documents
    left join {{ ref("int_rows__resolved") }} as resolved
        on documents.doc_id = resolved.doc_id
    where resolved.record_number is null
),

bad_generations as (select * from {{ ref("bad_generations") }}),

resolved as (select * from {{ ref("int_rows__resolved") }}),

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
    union all
    select
        'source' as kind,
        source_csv as word
    from {{ ref("sources") }}
    union all
    select
        'link method' as kind,
        link_method as word
    from {{ ref("link_methods") }}
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
    union all
    select
        'source' as kind,
        source_csv as word,
        source_csv || ' row ' || row_index as example
    from resolved
    where record_number is null
    union all
    select
        'link method' as kind,
        link_method as word,
        row_key as example
    from resolved
    where link_method is not null
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
