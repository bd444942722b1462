-- One row per file and parser of the view `responses_wanted`, numbered, with what the
-- view `responses_known` has of it; its facts are null without that.
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
from responses_wanted as wanted
left join responses_known as known
    on
        wanted.folder = known.folder
        and wanted.path = known.path
        and wanted.parser = known.parser;

-- The same, as a process that reads the files is asked.
create or replace temp view questions as
select
    asked_id,
    folder,
    path,
    parser,
    signature
from asked;

-- One row per question that has been answered.
create or replace temp table answers (
    asked_id bigint,
    cause varchar,
    raw_bytes bigint,
    raw_chars bigint,
    content_hash varchar,
    parsed_chars bigint,
    parsed_from bigint,
    parsed_bytes bigint,
    parsed_text varchar,
    signature varchar
);
