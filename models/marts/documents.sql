-- One row per document: a source row that gets a directory and an index row.
-- A view: the table of documents is the one in the index.
{{ config(materialized="replaced_view") }}
with resolved as (select * from {{ ref("int_rows__resolved") }}),

final as (
    select
        write_order,
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
        score,
        {{ json_compact(meta_small_fields()) }} as meta_small
    from resolved
    where reason is null
)

select * from final
