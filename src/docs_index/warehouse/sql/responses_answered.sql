-- One row per question, with its answer, or without one with the known facts.
select
    asked.folder,
    asked.path,
    asked.parser,
    case
        when answers.asked_id is null then asked.cause else answers.cause
    end as cause,
    case
        when answers.asked_id is null then asked.raw_bytes else answers.raw_bytes
    end as raw_bytes,
    case
        when answers.asked_id is null then asked.raw_chars else answers.raw_chars
    end as raw_chars,
    case
        when answers.asked_id is null then asked.content_hash else answers.content_hash
    end as content_hash,
    case
        when answers.asked_id is null then asked.parsed_chars else answers.parsed_chars
    end as parsed_chars,
    case
        when answers.asked_id is null then asked.parsed_from else answers.parsed_from
    end as parsed_from,
    case
        when answers.asked_id is null then asked.parsed_bytes else answers.parsed_bytes
    end as parsed_bytes,
    case
        when answers.asked_id is null then asked.parsed_text else answers.parsed_text
    end as parsed_text,
    case
        when answers.asked_id is null then asked.signature else answers.signature
    end as signature
from asked
left join answers on asked.asked_id = answers.asked_id
