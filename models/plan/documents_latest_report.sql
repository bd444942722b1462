-- One row per stage and logical key: its latest document in the index that parsed.
with indexed as (select * from {{ source("run", "indexed_documents") }}),

ranked as (
    select
        *,
        row_number() over (
            partition by stage, logical_key_id
            order by created_at desc, row_index desc, source_csv asc, doc_id asc
        ) as rank
    from indexed
    where status = 'ok'
),

final as (
    select
        stage,
        logical_key_id,
        doc_id,
        task_id,
        parent_doc_id,
        template_id,
        model_id,
        run_id,
        created_at,
        doc_dir,
        raw_bytes,
        parsed_chars,
        content_hash
    from ranked
    where rank = 1
)

select * from final
order by stage, logical_key_id
