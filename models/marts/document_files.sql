-- One row per document: the bytes that its directory is made of, and where they are.
-- Python carries this out as it stands. raw.txt is the response file byte for byte;
-- parsed.txt is its text through the parser; prompt.txt is the prompt file.
with documents as (select * from {{ ref("documents") }}),

resolved as (select * from {{ ref("int_rows__resolved") }}),

joined as (
    select
        documents.doc_id,
        documents.logical_key_id,
        documents.stage,
        documents.task_id,
        documents.parent_doc_id,
        documents.template_id,
        documents.model_id,
        documents.run_id,
        documents.row_key,
        documents.parser,
        documents.status,
        documents.created_at,
        documents.doc_dir,
        documents.raw_bytes,
        documents.raw_chars,
        documents.parsed_chars,
        documents.content_hash,
        resolved.source_csv,
        resolved.row_index,
        resolved.combo_id,
        resolved.folder,
        resolved.response_file,
        resolved.prompt_file,
        resolved.prompt_hash,
        resolved.parsed_from,
        resolved.parsed_bytes,
        resolved.parsed_text,
        resolved.timestamp_text,
        resolved.parent_task_id,
        resolved.link_method
    from documents
    inner join resolved on documents.doc_id = resolved.doc_id
),

final as (
    select
        doc_id,
        -- Parents come before what hangs on them, and the order is total.
        row_number() over (
            order by
                case stage when 'draft' then 1 when 'essay' then 2 else 3 end,
                created_at,
                source_csv,
                row_index
        ) as place,
        doc_dir,
        folder,
        response_file,
        prompt_file,
        prompt_hash,
        parser,
        parsed_from,
        parsed_bytes,
        parsed_text,
        {{ json_pretty(metadata_fields()) }} as metadata_text
    from joined
)

select * from final
order by place
