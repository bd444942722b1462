-- Compares texts with rows, and with the files that they were copied from.
insert into findings
with held as (
    select
        documents.doc_id,
        documents.status,
        documents.parser,
        documents.content_hash,
        try_cast(documents.raw_bytes as bigint) as raw_bytes,
        try_cast(documents.raw_chars as bigint) as told_raw_chars,
        try_cast(documents.parsed_chars as bigint) as told_parsed_chars,
        recorded.raw_bytes as recorded_bytes,
        recorded.content_hash as recorded_hash,
        coalesce(
            recorded.response_file, recorded.file || ', record ' || recorded.position
        ) as source_name,
        coalesce('3_generation/' || recorded.prompt_file, recorded.file) as prompt_name,
        'docs/' || documents.doc_dir as path,
        contents.is_read,
        coalesce(contents.raw_source_bytes, inline_sources.raw_bytes)
            as raw_source_bytes,
        coalesce(contents.raw_source_hash, inline_sources.content_hash)
            as raw_source_hash,
        contents.prompt_source_bytes,
        coalesce(contents.prompt_source_hash, inline_sources.prompt_hash)
            as prompt_source_hash,
        contents.raw_hash,
        contents.raw_chars,
        contents.parsed_hash,
        contents.parsed_chars,
        contents.prompt_hash,
        contents.made_hash,
        contents.is_parser_known,
        sizes.raw_size,
        sizes.parsed_size,
        sizes.prompt_size
    from contents
    inner join documents on contents.doc_id = documents.doc_id
    left join recorded on documents.doc_dir = recorded.found_dir
    left join text_sizes as sizes on documents.doc_dir = sizes.doc_dir
    left join inline_sources
        on
            documents.file is not null
            and documents.row_key = inline_sources.row_key
)

select
    'content_differs' as code,
    doc_id,
    path || '/raw.txt' as path,
    case
        when raw_hash = content_hash
            then
                coalesce(cast(raw_chars as varchar), 'no') || ' characters, not '
                || coalesce(cast(told_raw_chars as varchar), 'a number')
        else 'its SHA-256 is ' || raw_hash
    end as detail
from held
where
    is_read
    and raw_hash is not null
    and (raw_hash != content_hash or raw_chars is distinct from told_raw_chars)
union all
select
    'parsed_differs' as code,
    doc_id,
    path || '/parsed.txt' as path,
    case
        when parser is null then 'without a parser it must equal raw.txt'
        when status != 'ok' then 'the parser ' || parser || ' finds a text'
        when (parsed_chars is distinct from told_parsed_chars)
            then
                coalesce(cast(parsed_chars as varchar), 'no') || ' characters, not '
                || coalesce(cast(told_parsed_chars as varchar), 'a number')
        else 'the parser ' || parser || ' makes another text'
    end as detail
from held
where
    is_read
    and case
        when status != 'ok' then raw_hash = content_hash and made_hash is not null
        when parsed_hash is null then false
        when parsed_chars is distinct from told_parsed_chars then true
        when parser is null then parsed_hash != content_hash
        when not is_parser_known then false
        else raw_hash = content_hash and made_hash is distinct from parsed_hash
    end
union all
select
    'parser_unknown' as code,
    doc_id,
    path || '/parsed.txt' as path,
    'the parser ' || parser || ' is neither built in nor in 1_raw/parsers.csv'
        as detail
from held
where is_read and not is_parser_known
union all
select
    'unreadable' as code,
    doc_id,
    path || '/' || text_name || '.txt' as path,
    'it is there, but could not be read' as detail
from (
    unpivot (
        select
            doc_id,
            path,
            raw_size = raw_bytes and raw_hash is null as raw,
            status = 'ok'
            and (parsed_size + 3) // 4 <= told_parsed_chars
            and parsed_hash is null as parsed,
            prompt_size is not null and prompt_hash is null as prompt
        from held
        where is_read
    ) on raw, parsed, prompt into name text_name value is_unreadable
)
where is_unreadable
union all
select
    'prompt_differs' as code,
    doc_id,
    path || '/prompt.txt' as path,
    prompt_name || ' has other bytes' as detail
from held
where
    prompt_size is not null
    and coalesce(
        prompt_source_bytes != prompt_size or prompt_source_hash != prompt_hash, false
    )
union all
select
    'source_changed' as code,
    doc_id,
    path || '/raw.txt' as path,
    'raw.txt was copied from ' || source_name as detail
from held
where
    (raw_source_bytes != raw_bytes and raw_source_bytes is distinct from recorded_bytes)
    or (
        raw_source_hash != content_hash
        and raw_source_hash is distinct from recorded_hash
    )
