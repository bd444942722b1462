-- Fails when the records of a file and the documents and rejected rows of it are not
-- the same number. A lost record is lost history.
-- Does not check that the place is the right one; the unit tests do. Reads no file and
-- no field again: it counts the records where all of them meet.
{{ config(
    enabled=target.type == "duckdb", meta={"dagster": {"ref": {"name": "documents"}}}
) }}
with records as (select * from {{ ref("int_records__unioned") }}),

resolved as (select * from {{ ref("int_rows__resolved") }}),

documents as (select * from {{ ref("documents") }}),

bad_generations as (select * from {{ ref("bad_generations") }}),

ends as (
    select
        source_csv,
        file as path,
        'files' as ends_in
    from records
    union all
    select
        resolved.source_csv,
        resolved.file as path,
        'documents' as ends_in
    from documents
    inner join resolved on documents.doc_id = resolved.doc_id
    where resolved.record_number is not null
    union all
    select
        bad_generations.source_csv,
        bad_generations.response_file as path,
        'bad_generations' as ends_in
    from bad_generations
    inner join resolved
        on
            bad_generations.source_csv = resolved.source_csv
            and bad_generations.row_index = resolved.row_index
    where resolved.record_number is not null
)

select
    source_csv,
    path,
    count(*) filter (where ends_in = 'files') as records,
    count(*) filter (where ends_in = 'documents') as documents,
    count(*) filter (where ends_in = 'bad_generations') as rejected
from ends
group by source_csv, path
having
    count(*) filter (where ends_in = 'files')
    != count(*) filter (where ends_in in ('documents', 'bad_generations'))
