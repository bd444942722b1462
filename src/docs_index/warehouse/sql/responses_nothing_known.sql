-- No row: the earlier answers of a first build.
create or replace temp view known_files as
select
    cast(null as varchar) as folder,
    cast(null as varchar) as path,
    cast(null as varchar) as parser,
    cast(null as varchar) as cause,
    cast(null as bigint) as raw_bytes,
    cast(null as bigint) as raw_chars,
    cast(null as varchar) as content_hash,
    cast(null as bigint) as parsed_chars,
    cast(null as bigint) as parsed_from,
    cast(null as bigint) as parsed_bytes,
    cast(null as varchar) as parsed_text,
    cast(null as varchar) as signature
where false
