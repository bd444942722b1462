-- One row per essay attempt, with the draft or link attempt that is its parent.
-- The parent is the document that a repair names, else the latest attempt of the same
-- combo and model at or before the essay. One pass over both streams finds the latter.
with attempts as (select * from {{ ref("int_attempts__answered") }}),

drafts as (select * from {{ ref("int_drafts__keyed") }}),

repairs as (
    select *
    from {{ ref("int_repairs__judged") }}
    where action = 'set_parent' and not is_repeat
),

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
        {{ last_known("draft_row_key") }} over (
            partition by combo_id, model_id
            order by {{ stream_order() }}
            rows between unbounded preceding and current row
        ) as parent_row_key
    from stream
),

named_drafts as (
    {{ documents_named("drafts", "draft", "repairs") }}
),

questions as (
    {{ questions_of_repairs("repairs", ["row_key", "doc_id", "draft_task"]) }}
),

repaired as (
    select * from {{ found_by_name("named_drafts", "questions") }}
),

final as (
    select
        followed.row_key,
        coalesce(repaired.found_row_key, followed.parent_row_key)
            as parent_row_key,
        case
            when repaired.row_key is null then 'timestamp_join' else 'repair'
        end as link_method
    from followed
    left join repaired on followed.row_key = repaired.row_key
    where followed.source_csv = 'essay'
)

select * from final
