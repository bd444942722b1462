-- No row, with the columns of a file of rows of `documents`.
select
    cast(null as bigint) as place,
    cast(null as varchar) as doc_id,
    cast(null as varchar) as logical_key_id,
    cast(null as varchar) as stage,
    cast(null as varchar) as task_id,
    cast(null as varchar) as parent_doc_id,
    cast(null as varchar) as template_id,
    cast(null as varchar) as model_id,
    cast(null as varchar) as run_id,
    cast(null as varchar) as row_key,
    cast(null as varchar) as parser,
    cast(null as varchar) as status,
    cast(null as varchar) as created_at,
    cast(null as varchar) as doc_dir,
    cast(null as bigint) as raw_bytes,
    cast(null as bigint) as raw_chars,
    cast(null as bigint) as parsed_chars,
    cast(null as varchar) as content_hash,
    cast(null as double) as score,
    cast(null as varchar) as meta_small
where false
