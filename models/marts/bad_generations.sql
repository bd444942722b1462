-- One row per rejected row, with the first reason.
with resolved as (select * from {{ ref("int_rows__resolved") }}),

final as (
    select
        source_csv,
        row_index,
        row_key,
        task_id,
        reason,
        detail,
        combo_id,
        template_id,
        model_id,
        timestamp_text as timestamp,
        coalesce(response_file, file) as response_file,
        case
            when reason = 'unresolved_parent' then logical_key_id
        end as logical_key_id,
        {{ sql_text(run_id()) }} as run_id
    from resolved
    where reason is not null
)

select * from final
