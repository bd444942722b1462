-- One row per results table without any document, most of whose rows are rejected for
-- one and the same reason: its columns or its files are probably not what they were.
-- Rows that repairs ignore are ignored on purpose, and do not count.
with resolved as (
    select *
    from {{ ref("int_rows__resolved") }}
    where reason is null or reason != 'ignored'
),

counted as (
    select
        source_csv,
        reason,
        min(write_order) as write_order,
        count(*) as rejected_rows,
        arg_min(detail, write_order) as detail
    from resolved
    group by source_csv, reason
),

compared as (
    select
        *,
        sum(rejected_rows) over (partition by source_csv) as source_rows,
        min(reason is not null) over (partition by source_csv) as is_rejected
    from counted
),

final as (
    select
        write_order,
        source_csv,
        reason,
        rejected_rows,
        source_csv || case
            when source_rows = 1 then ': its only row rejected'
            else ': all ' || source_rows || ' rows rejected'
        end || case
            when rejected_rows < source_rows then ', ' || rejected_rows || ' of them'
            else ''
        end || ': ' || reason || ', e.g. ' || detail as words
    from compared
    where is_rejected and 2 * rejected_rows > source_rows
)

select * from final
