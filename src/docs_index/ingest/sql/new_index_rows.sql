-- The rows of a range of documents that are published, as Parquet has them. Their
-- numbers follow those of the $before rows that are there.
with numbered as (
    select
        pending.write_order,
        $before + row_number() over (order by pending.write_order) as place
    from build.plan.pending as pending
    where pending.write_order between $first and $last
),

joined as (
    select
        numbered.place,
        documents.*
    from numbered
    inner join build.main.documents as documents
        on numbered.write_order = documents.write_order
    where documents.write_order between $first and $last
)

select * exclude (write_order) from joined
