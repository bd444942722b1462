-- One row per repair that cannot be applied, with the fault: its response file cannot
-- be used, or its value names no document.
with repairs as (
    select *
    from {{ ref("int_repairs__judged") }}
    where not is_repeat
),

attempts as (select * from {{ ref("int_attempts__answered") }}),

parents as (select * from {{ ref("int_essays__parented") }}),

essays as (select * from {{ ref("int_essays__resolved") }}),

targets as (select * from {{ ref("int_evaluations__targeted") }}),

source_rows as (select * from {{ ref("int_rows__repaired") }}),

unlinked as (
    select repairs.*
    from repairs
    left join parents
        on repairs.row_key = parents.row_key and parents.link_method = 'repair'
    left join targets
        on repairs.row_key = targets.row_key and targets.link_method = 'repair'
    where
        (repairs.action = 'set_parent' and parents.row_key is null)
        or (repairs.action = 'set_target' and targets.row_key is null)
),

-- The attempts of that name that have no document: the reason of the first is reported.
namesakes as (
    {%- for name in ["row_key", "task_id"] %}
    select
        unlinked.repair_index,
        source_rows.source_csv,
        source_rows.row_index,
        source_rows.row_key,
        source_rows.detail
    from unlinked
    inner join source_rows on unlinked.value = source_rows.{{ name }}
    where
        source_rows.source_csv in ({{ sources_of("draft") }})
        or (source_rows.source_csv = 'essay' and unlinked.action = 'set_target')
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

named as (
    select
        *,
        row_number() over (
            partition by repair_index
            order by source_csv, row_index, detail
        ) as rank
    from namesakes
),

explained as (
    select
        named.repair_index,
        named.source_csv || ' row ' || named.row_index || ' has no document: '
        || {{ printable("coalesce(detail, cause, orphan_detail)", 500) }} as fault
    from named
    left join attempts on named.row_key = attempts.row_key
    left join essays on named.row_key = essays.row_key
    where named.rank = 1
),

final as (
    select
        repairs.repair_index,
        repairs.words,
        {{ printable("attempts.cause", 500) }} as fault
    from repairs
    inner join attempts on repairs.row_key = attempts.row_key
    where repairs.action = 'set_response_file' and attempts.cause is not null
    union all
    select
        unlinked.repair_index,
        unlinked.words,
        coalesce(
            explained.fault,
            case unlinked.action
                when 'set_parent' then 'no draft or link document'
                else 'no essay, draft or link document'
            end
            || ' has the row_key, doc_id or task id of value'
        ) as fault
    from unlinked
    left join explained on unlinked.repair_index = explained.repair_index
)

select * from final
