-- One row per document: the content of its directory, and the paths of its sources.
-- Python writes exactly this. raw.txt is the response file byte for byte, or the text
-- of the record with that number; parsed.txt is its parsed text; prompt.txt is the
-- prompt file, or the prompt of the record.
-- A view: only the processes that write the files need metadata_text.
{{ config(materialized="replaced_view") }}
with resolved as (select * from {{ ref("int_rows__resolved") }}),

documents as (
    select
        *,
        {{ sql_text(run_id()) }} as run_id
    from resolved
    where reason is null
),

final as (
    select
        write_order,
        doc_id,
        doc_dir,
        folder,
        response_file,
        prompt_file,
        prompt_hash,
        record_number,
        parser,
        parsed_chars,
        parsed_from,
        parsed_bytes,
        parsed_text,
        content_hash,
        {{ json_pretty(metadata_fields()) }} as metadata_text
    from documents
)

select * from final
