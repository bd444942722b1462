-- One row per rejected row, with the first reason. A NUL, which a record may have in
-- any text, is shown as a sign: a CSV file with one is refused when it is read again.
with resolved as (select * from {{ ref("int_rows__resolved") }}),

final as (
    select
        source_csv,
        row_index,
        {{ without_nul("row_key") }} as row_key,
        {{ without_nul("task_id") }} as task_id,
        reason,
        {{ without_nul("detail") }} as detail,
        {{ without_nul("combo_id") }} as combo_id,
        {{ without_nul("template_id") }} as template_id,
        {{ without_nul("model_id") }} as model_id,
        {{ without_nul("timestamp_text") }} as timestamp,
        coalesce(response_file, file) as response_file,
        case
            when reason = 'unresolved_parent' then logical_key_id
        end as logical_key_id,
        {{ sql_text(run_id()) }} as run_id
    from resolved
    where reason is not null
)

select * from final
