-- One row per repair, with the fault that the tables show.
-- int_repairs__refused adds the faults that files and documents show.
with repairs as (select * from {{ ref("int_repairs__matched") }}),

actions as (select * from {{ ref("repair_actions") }}),

compared as (
    select
        repairs.*,
        actions.sources as action_sources,
        min(repairs.repair_index) over of_row as first_of_row,
        max(repairs.repair_index) over of_row as last_of_row,
        max(case when repairs.action = 'ignore' then 1 else 0 end) over of_row = 1
        and max(case when repairs.action != 'ignore' then 1 else 0 end) over of_row = 1
            as is_ignored_and_changed,
        min(repairs.repair_index) over of_action as first_of_action,
        max(repairs.repair_index) over of_action as last_of_action,
        min(repairs.value) over of_action != max(repairs.value) over of_action
            as has_other_values
    from repairs
    left join actions on repairs.action = actions.action
    window
        of_row as (
            partition by
                repairs.row_fault is null, repairs.source_csv, repairs.row_index
        ),
        of_action as (
            partition by
                repairs.row_fault is null, repairs.source_csv, repairs.row_index,
                repairs.action
        )
),

final as (
    select
        repair_index,
        source_csv,
        row_index,
        row_key,
        occurred_at,
        timestamp_text,
        response_file,
        action,
        value,
        reason,
        repaired_by,
        row_fault is null and repair_index > first_of_action as is_repeat,
        words,
        case
            when row_fault is not null then row_fault
            when action is null then 'action is blank'
            when action_sources is null
                then
                    'there is no such action: use '
                    || (
                        select {{ joined_texts("action", "', '", "action") }}
                        from actions
                    )
            when not {{ has_word("action_sources", "source_csv") }}
                then action || ' is for rows of ' || action_sources || ' alone'
            when is_ignored_and_changed
                then
                    'the row is both ignored and repaired, by rows '
                    || first_of_row || ' and ' || last_of_row
            when action = 'ignore' then null
            when value is null then 'value is blank'
            when
                action = 'set_timestamp'
                and coalesce(row_reason, '') != 'invalid_timestamp'
                then
                    'it would change nothing, because the row is '
                    || coalesce(row_reason, 'one with a valid timestamp')
            when action = 'set_timestamp' and not is_retimed
                then 'value is not a timestamp like 2025-03-14T15:55:00Z'
            when row_reason is not null and not is_retimed
                then
                    'it would change nothing, because the row is ' || row_reason || ' ('
                    || {{ printable("row_detail") }} || '): mend it in its table'
            when has_other_values
                then
                    'the row gets different values, by rows ' || first_of_action
                    || ' and ' || last_of_action
        end as fault
    from compared
)

select * from final
