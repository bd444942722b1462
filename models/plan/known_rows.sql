-- One row per document that the index has of a source row, with that row as it is now.
-- The row is the one of its row_key. A rejected record is found by its id; a rejected
-- row of a table may have no row_key, and is found by the
-- task id and instant of the document; where one of them is blank or invalid now, by
-- the other one and the row's position.
with known as (
    select *
    from {{ source("run", "known_documents") }}
    where source_csv != 'runtime'
),

built as (select * from {{ ref("int_rows__resolved") }}),

by_row_key as (
    select
        known.doc_id,
        built.write_order
    from known
    inner join built on known.row_key = built.row_key
),

by_record as (
    select
        known.doc_id,
        min(built.write_order) as write_order
    from known
    inner join built on known.row_key = built.record_key
    where
        built.row_key is null
        and not exists (
            select 1 from by_row_key
            where by_row_key.doc_id = known.doc_id
        )
    group by known.doc_id
),

unfound as (
    select
        *,
        row_number() over (
            partition by source_csv, task_id, created_at order by row_index, doc_id
        ) as place
    from known
    where
        not exists (
            select 1 from by_row_key
            where by_row_key.doc_id = known.doc_id
        )
        and not exists (
            select 1 from by_record
            where by_record.doc_id = known.doc_id
        )
),

unnamed as (
    select
        *,
        row_number() over (
            partition by source_csv, task_id, created_at order by row_index
        ) as place
    from built
    where row_key is null and record_number is null
),

by_moment as (
    select
        unfound.doc_id,
        unnamed.write_order
    from unfound
    inner join unnamed
        on
            unfound.source_csv = unnamed.source_csv
            and unfound.task_id = unnamed.task_id
            and unfound.created_at = unnamed.created_at
            and unfound.place = unnamed.place
),

by_position as (
    select
        unfound.doc_id,
        unnamed.write_order
    from unfound
    inner join unnamed
        on
            unfound.source_csv = unnamed.source_csv
            and unfound.row_index = unnamed.row_index
    where
        (unnamed.task_id is null or unnamed.created_at is null)
        and coalesce(unfound.task_id = unnamed.task_id, true)
        and coalesce(unfound.created_at = unnamed.created_at, true)
        and not exists (
            select 1 from by_moment
            where by_moment.doc_id = unfound.doc_id
        )
),

found as (
    select * from by_row_key
    union all
    select * from by_record
    union all
    select * from by_moment
    union all
    select * from by_position
),

final as (
    select
        known.doc_id,
        known.source_csv,
        known.row_key,
        known.response_file,
        built.write_order is null as is_vanished,
        built.row_index as row_index_today,
        built.response_file as response_file_today,
        built.reason,
        built.detail,
        built.file || ', record ' || built.position as record_today,
        built.record_number is null
        and not coalesce(known.response_file = built.response_file, false)
            as is_of_another_file,
        coalesce(known.content_hash != built.content_hash, false) as is_other_content
    from known
    left join found on known.doc_id = found.doc_id
    left join built on found.write_order = built.write_order
)

select * from final
