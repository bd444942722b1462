-- The records of the build (attached as `build`) that have a row_key.
insert into inline_sources
select
    row_key,
    raw_bytes,
    content_hash,
    prompt_hash is not null as has_prompt,
    prompt_hash
from build.main.int_rows__resolved
where record_number is not null and row_key is not null
