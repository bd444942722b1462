-- One row per document: a source row that gets a directory and an index row.
with resolved as (select * from {{ ref("int_rows__resolved") }}),

described as (
    select
        *,
        case when parsed_chars is null then 'parse_error' else 'ok' end as status,
        {{ instant_text("occurred_at") }} as created_at,
        stage || '/' || logical_key_id || '/' || doc_id as doc_dir
    from resolved
    where reason is null
),

final as (
    select
        doc_id,
        logical_key_id,
        stage,
        task_id,
        parent_doc_id,
        template_id,
        model_id,
        {{ sql_text(run_id()) }} as run_id,
        row_key,
        parser,
        status,
        created_at,
        doc_dir,
        raw_bytes,
        raw_chars,
        parsed_chars,
        content_hash,
        {{ json_compact(meta_small_fields()) }} as meta_small
    from described
)

select * from final
