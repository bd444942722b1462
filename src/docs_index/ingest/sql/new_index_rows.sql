-- The rows of the build's table $table_name for a range of published documents, as
-- Parquet has them. Their numbers follow those of the $before rows that are there.
with numbered as (
    select
        pending.write_order,
        $before + row_number() over (order by pending.write_order) as place
    from build.plan.pending as pending
    where pending.write_order between $first and $last
),

built as (
    select * from query_table($table_name)
    where write_order between $first and $last
),

joined as (
    select
        numbered.place,
        built.*
    from numbered
    inner join built on numbered.write_order = built.write_order
)

select * exclude (write_order) from joined
