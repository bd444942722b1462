-- One row per essay attempt, with the draft or link attempt that is its parent.
-- The parent is the latest of the same combo and model at or before the essay. One pass
-- over both streams finds it.
with attempts as (select * from {{ ref("int_attempts__answered") }}),

stream as (
    select
        combo_id,
        model_id,
        occurred_at,
        row_index,
        row_key,
        source_csv,
        {{ turn() }} as turn,
        case when source_csv != 'essay' then row_key end as draft_row_key
    from attempts
    where source_csv in ('draft', 'link', 'essay')
),

followed as (
    select
        row_key,
        source_csv,
        last_value(draft_row_key ignore nulls) over (
            partition by combo_id, model_id
            order by {{ stream_order() }}
            rows between unbounded preceding and current row
        ) as parent_row_key
    from stream
),

final as (
    select
        row_key,
        parent_row_key
    from followed
    where source_csv = 'essay'
)

select * from final
