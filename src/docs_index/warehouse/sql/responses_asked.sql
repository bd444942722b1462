-- One row per file and parser of the view `wanted_files`, numbered, with the facts of
-- the view `known_files`, or nulls.
create or replace temp table asked as
select
    row_number() over () as asked_id,
    wanted_files.folder,
    wanted_files.path,
    wanted_files.parser,
    known_files.cause,
    known_files.raw_bytes,
    known_files.raw_chars,
    known_files.content_hash,
    known_files.parsed_chars,
    known_files.parsed_from,
    known_files.parsed_bytes,
    known_files.parsed_text,
    known_files.signature
from wanted_files
left join known_files
    on
        wanted_files.folder = known_files.folder
        and wanted_files.path = known_files.path
        and wanted_files.parser = known_files.parser;

-- The columns that a worker process gets for each question.
create or replace temp view questions as
select
    asked_id,
    folder,
    path,
    parser,
    signature
from asked;

-- One row per answered question.
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
