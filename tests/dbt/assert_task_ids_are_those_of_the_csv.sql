-- Fails when the task id of a document is not, byte for byte, the one in the source
-- table. Ids are what evaluations and people point with; a trimmed or lower-cased one
-- points nowhere. It reads the sources, not the staging models, which could be wrong.
-- Does not check that the source tables equal the files; the tests of the reader do.
{{ config(meta={"dagster": {"ref": {"name": "documents"}}}) }}
with source_rows as (
    {%- for table in source_tables() %}
    select
        '{{ table.source_csv }}' as source_csv,
        row_index,
        {{ table.source_csv }}_task_id as task_id
    from {{ source("cross_experiment", table.name) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

resolved as (
    select *
    from {{ ref("int_rows__resolved") }}
    where record_number is null
),

documents as (select * from {{ ref("documents") }})

select
    documents.doc_id,
    resolved.source_csv,
    resolved.row_index,
    documents.task_id,
    source_rows.task_id as task_id_in_csv
from documents
inner join resolved on documents.doc_id = resolved.doc_id
left join source_rows
    on
        resolved.source_csv = source_rows.source_csv
        and resolved.row_index = source_rows.row_index
where
    source_rows.task_id is null
    or {{ utf8_bytes("documents.task_id") }} != {{ utf8_bytes("source_rows.task_id") }}
