-- The other attempts: documents of the same logical key, and rejected rows that ask for
-- the same. A row without a key is compared by its task.
with attempts as (
    select
        json_extract(meta_small, '$.source_csv') as source_csv,
        json_extract(meta_small, '$.row_index') as row_index,
        doc_id,
        created_at,
        status,
        row_number() over (
            partition by logical_key_id
            order by
                created_at desc,
                json_extract(meta_small, '$.row_index') desc,
                json_extract(meta_small, '$.source_csv') asc,
                doc_id asc
        ) as recency,
        row_number() over (
            partition by logical_key_id, status
            order by
                created_at desc,
                json_extract(meta_small, '$.row_index') desc,
                json_extract(meta_small, '$.source_csv') asc,
                doc_id asc
        ) as recency_of_status
    from documents
    where
        stage = :stage
        and logical_key_id in (
            select :logical_key_id
            union all
            select named.logical_key_id
            from documents as named
            where
                :logical_key_id is null
                and named.stage = :stage
                and named.task_id = :task_id
                and named.template_id = :template_id
                and named.model_id = :model_id
        )
),

listed as (
    select
        source_csv,
        row_index,
        doc_id,
        null as reason,
        created_at,
        case
            when recency = 1 then 1
            when status = 'ok' and recency_of_status = 1 then 2
            else 3
        end as precedence,
        case
            when recency = 1 and status = 'ok' then 'the latest, in the report'
            when recency = 1 then 'the latest, does not parse'
            when status != 'ok' then 'does not parse'
            when recency_of_status = 1 then 'the latest that parses, in the report'
            else 'not the latest'
        end as rule
    from attempts
    union all
    select
        source_csv,
        row_index,
        null as doc_id,
        reason,
        -- An attempt of a table has its instant in its row_key. A record has only the
        -- text of its time, which may be a number.
        case
            when source_csv in ('draft', 'link', 'essay', 'evaluation')
                then
                    coalesce(
                        substr(row_key, length(source_csv) + length(task_id) + 3, 27),
                        timestamp
                    )
            when timestamp glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
                then timestamp
        end as created_at,
        4 as precedence,
        'rejected' as rule
    from bad_generations
    where
        case source_csv when 'link' then 'draft' else source_csv end = :stage
        and template_id = :template_id
        and model_id = :model_id
        and case
            when source_csv = 'evaluation' then task_id = :task_id
            else combo_id = :combo_id
        end
)

select
    source_csv,
    row_index,
    doc_id,
    reason,
    created_at,
    rule,
    count(*) over () as total
from listed
order by precedence asc, created_at desc, source_csv asc, row_index desc
limit :limit
