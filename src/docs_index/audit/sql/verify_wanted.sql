-- The documents whose sources and texts are looked at, and which of them are read:
-- a share of all, always the same ones.
select
    documents.doc_id,
    documents.doc_dir,
    documents.parser,
    -- A text whose size differs from the index row differs anyway.
    case
        when sizes.raw_size = try_cast(documents.raw_bytes as bigint)
            then sizes.raw_size
    end as raw_bytes,
    case
        when (sizes.parsed_size + 3) // 4 <= try_cast(documents.parsed_chars as bigint)
            then sizes.parsed_size
    end as parsed_bytes,
    sizes.prompt_size as prompt_bytes,
    case
        when recorded.source_csv = 'evaluation' then $evaluation_root
        when recorded.source_csv is not null then $responses
    end as folder,
    recorded.response_file,
    recorded.prompt_file,
    cast('0x' || substr(sha256(documents.doc_id), 1, 8) as bigint)
    < $share * 4294967296 as is_read,
    found.shard,
    found.shard_row
from documents
inner join found on documents.doc_dir = found.path and found.is_document
left join text_sizes as sizes on documents.doc_dir = sizes.doc_dir
left join recorded on documents.doc_dir = recorded.found_dir
order by found.shard_place, found.shard_row, documents.doc_dir
