-- One row per file and parser of the view `wanted`, numbered, with what the view `known`
-- has of it; its facts are null without that.
create or replace temp table asked as
select
    row_number() over () as asked_id,
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
from wanted
left join known
    on
        wanted.folder = known.folder
        and wanted.path = known.path
        and wanted.parser = known.parser
