-- One row per document of the index, with the columns of the reports.
-- meta_small is parsed once for the three values that they need.
with documents as (select * from {{ source("stored", "documents") }}),

extracted as (
    select
        *,
        json_extract_string(
            meta_small, ['$.source_csv', '$.row_index', '$.response_file']
        ) as meta_values
    from documents
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
        run_id,
        row_key,
        status,
        created_at,
        doc_dir,
        raw_bytes,
        parsed_chars,
        content_hash,
        meta_values[1] as source_csv,
        cast(meta_values[2] as bigint) as row_index,
        meta_values[3] as response_file
    from extracted
)

select * from final
