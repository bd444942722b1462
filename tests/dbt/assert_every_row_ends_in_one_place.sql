-- Fails when a source row is in neither or in more than one of documents and
-- bad_generations, or when one of them has a row that no source has. A lost row is lost
-- history; one in both places says that it was and was not ingested.
-- Does not check that the place is the right one; the unit tests do.
{{ config(meta={"dagster": {"ref": {"name": "documents"}}}) }}
with source_rows as (
    {%- for table in source_tables() %}
    select
        '{{ table.source_csv }}' as source_csv,
        row_index
    from {{ source("cross_experiment", table.name) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

resolved as (
    select *
    from {{ ref("int_rows__resolved") }}
    where record_number is null
),

documents as (select * from {{ ref("documents") }}),

histories as (
    {{ of_histories("stg_histories__sources", {"source_csv": "string"}) }}
),

bad_generations as (select * from {{ ref("bad_generations") }}),

ends as (
    select
        source_csv,
        row_index,
        'source' as ends_in
    from source_rows
    union all
    select
        resolved.source_csv,
        resolved.row_index,
        'documents' as ends_in
    from documents
    inner join resolved on documents.doc_id = resolved.doc_id
    union all
    select
        source_csv,
        row_index,
        'bad_generations' as ends_in
    from bad_generations
    where source_csv not in (select histories.source_csv from histories)
)

select
    source_csv,
    row_index,
    count(*) filter (where ends_in = 'source') as times_in_source,
    count(*) filter (where ends_in = 'documents') as times_in_documents,
    count(*) filter (where ends_in = 'bad_generations') as times_in_bad_generations
from ends
group by source_csv, row_index
having
    count(*) filter (where ends_in = 'source') != 1
    or count(*) filter (where ends_in in ('documents', 'bad_generations')) != 1
