-- One row per link of a record: the record or the document that it names, or why it
-- names none. Links are by id, exactly: never by time, and never to a neighbour.
with attempts as (
    select *
    from {{ ref("int_records__classified") }}
    where reason is null
),

rejected as (
    select *
    from {{ ref("int_records__classified") }}
    where reason is not null
),

records as (select * from {{ ref("int_records__unioned") }}),

table_rows as (select * from {{ ref("int_table_rows__resolved") }}),

links as (
    select
        records.record_number,
        records.source_csv as own_source,
        unnest(records.links) as link
    from records
    inner join attempts on records.record_number = attempts.record_number
    where len(records.links) > 0
),

asked as (
    select
        record_number,
        link.role,
        link.position,
        coalesce(link.source, own_source) as linked_source,
        link.id as linked_id,
        link.task_id as linked_task,
        link.model_id as linked_model
    from links
),

-- What can be named: attempts of histories, and documents of the four tables.
named as (
    select
        attempts.source_csv,
        attempts.record_id,
        records.task_id,
        records.model_id,
        attempts.record_number,
        cast(null as string) as doc_id
    from attempts
    inner join records on attempts.record_number = records.record_number
    union all
    select
        source_csv,
        task_id as record_id,
        task_id,
        model_id,
        cast(null as bigint) as record_number,
        doc_id
    from table_rows
    where doc_id is not null
),

named_by_id as (
    select
        source_csv,
        record_id,
        count(*) as found,
        min(record_number) as record_number,
        min(doc_id) as doc_id
    from named
    group by source_csv, record_id
),

named_by_task as (
    select
        source_csv,
        task_id,
        model_id,
        count(*) as found,
        min(record_number) as record_number,
        min(doc_id) as doc_id
    from named
    group by source_csv, task_id, model_id
),

rejected_by_id as (
    select
        source_csv,
        record_id,
        min(detail) as detail
    from rejected
    group by source_csv, record_id
),

final as (
    select
        asked.record_number,
        asked.role,
        asked.position,
        case
            when coalesce(by_id.found, by_task.found) = 1
                then coalesce(by_id.record_number, by_task.record_number)
        end as linked_number,
        case
            when coalesce(by_id.found, by_task.found) = 1
                then coalesce(by_id.doc_id, by_task.doc_id)
        end as linked_doc_id,
        case
            when asked.linked_id is null and asked.linked_task is null
                then 'it names none: the link is blank'
            when coalesce(by_id.found, by_task.found) > 1
                then
                    coalesce(by_id.found, by_task.found)
                    || ' of ' || asked.linked_source || ' fit ' || {{ link_words() }}
            when coalesce(by_id.found, by_task.found) is null
                then
                    asked.linked_source || ' has no document of ' || {{ link_words() }}
                    || coalesce(' (' || rejected_by_id.detail || ')', '')
        end as fault,
        asked.linked_source || ' ' || {{ link_words() }} as words
    from asked
    left join named_by_id as by_id
        on
            asked.linked_source = by_id.source_csv
            and asked.linked_id = by_id.record_id
    left join named_by_task as by_task
        on
            asked.linked_source = by_task.source_csv
            and asked.linked_task = by_task.task_id
            and asked.linked_model = by_task.model_id
    left join rejected_by_id
        on
            asked.linked_source = rejected_by_id.source_csv
            and asked.linked_id = rejected_by_id.record_id
)

select * from final
