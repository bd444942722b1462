-- The links of a range of documents that are published, as Parquet has them. Their
-- numbers are those of their documents.
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
        links.*
    from numbered
    inner join build.main.document_links as links
        on numbered.write_order = links.write_order
    where links.write_order between $first and $last
)

select * exclude (write_order) from joined
