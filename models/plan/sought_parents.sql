-- One row per essay without any draft that could be its parent. An essay whose parent
-- has no document is left out: it waits for a repair of the parent.
-- A prompt has the same path below its folder as the response.
with source_rows as (select * from {{ source("run", "source_rows") }}),

parented as (select * from {{ ref("int_essays__parented") }}),

final as (
    select
        source_rows.write_order,
        source_rows.combo_id,
        source_rows.model_id,
        source_rows.occurred_at,
        case
            when starts_with(source_rows.path, 'essay_responses/')
                then
                    'essay_prompts/'
                    || substr(source_rows.path, length('essay_responses/') + 1)
        end as prompt_file
    from source_rows
    inner join parented on source_rows.row_key = parented.row_key
    where
        source_rows.reason = 'unresolved_parent'
        and parented.parent_row_key is null
)

select * from final
