-- One row per file and parser of int_responses__wanted: is it usable, what is in it.
-- Read by an engine's workers, with the same Python and DuckDB as on one machine. What
-- the last build knew of a file stays, if the file is as it was.
{{ config(enabled=target.type == "spark") }}
with wanted as (
    select /*+ repartition({{ var("reading_tasks") }}) */
        wanted.folder,
        wanted.path,
        wanted.parser,
        known.cause,
        known.raw_bytes,
        known.raw_chars,
        known.content_hash,
        known.parsed_chars,
        known.parsed_from,
        known.parsed_bytes,
        known.parsed_text,
        known.signature
    from {{ ref("int_responses__wanted") }} as wanted
    left join {{ source("engine", "known_responses") }} as known
        on
            wanted.folder = known.folder
            and wanted.path = known.path
            and wanted.parser = known.parser
),

answered as (
    select
        *,
        read_response(folder, path, parser, coalesce(signature, '')) as answer
    from wanted
),

final as (
    select
        folder,
        path,
        parser,
        case when answer.is_unchanged then cause else answer.cause end as cause,
        case when answer.is_unchanged then raw_bytes else answer.raw_bytes end
            as raw_bytes,
        case when answer.is_unchanged then raw_chars else answer.raw_chars end
            as raw_chars,
        case when answer.is_unchanged then content_hash else answer.content_hash end
            as content_hash,
        case when answer.is_unchanged then parsed_chars else answer.parsed_chars end
            as parsed_chars,
        case when answer.is_unchanged then parsed_from else answer.parsed_from end
            as parsed_from,
        case when answer.is_unchanged then parsed_bytes else answer.parsed_bytes end
            as parsed_bytes,
        case when answer.is_unchanged then parsed_text else answer.parsed_text end
            as parsed_text,
        case when answer.is_unchanged then signature else answer.signature end
            as signature
    from answered
)

select * from final
