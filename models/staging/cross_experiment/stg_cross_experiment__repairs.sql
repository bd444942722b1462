-- One row per data row of generation_repairs.csv. A value may be a task id, which is
-- used byte for byte; a path or timestamp is trimmed as those of the results tables.
with repairs as (
    select * from {{ source('cross_experiment', 'generation_repairs') }}
),

final as (
    select
        repair_index,
        {{ filled('source_csv') }} as source_csv,
        {{ untrimmed('row_key') }} as row_key,
        {{ filled('row_index') }} as row_index_text,
        {{ untrimmed('task_id') }} as task_id,
        {{ filled('action') }} as action,
        case
            when {{ filled('action') }} in ('set_response_file', 'set_timestamp')
                then {{ filled('value') }}
            else {{ untrimmed('value') }}
        end as value,
        {{ filled('reason') }} as reason,
        {{ filled(adapter.quote('by')) }} as repaired_by
    from repairs
)

select * from final
