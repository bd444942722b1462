-- One row per metadata.json, with the columns that the checks of index rows read.
create table documents as
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
    parser,
    status,
    created_at,
    found_dir as doc_dir,
    cast(raw_bytes as varchar) as raw_bytes,
    cast(raw_chars as varchar) as raw_chars,
    cast(parsed_chars as varchar) as parsed_chars,
    content_hash,
    meta_small,
    row_index,
    source_csv,
    combo_id,
    response_file,
    parent_task_id,
    link_method
from recorded;
