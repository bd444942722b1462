-- Inserts the links of the documents that the same transaction has inserted.
insert into stored.document_links by name
select links.* exclude (write_order)
from build.main.document_links as links
where
    links.write_order between $first and $last
    and links.write_order in (
        select pending.write_order
        from build.plan.pending as pending
        where pending.write_order between $first and $last
    )
order by links.write_order, links.position
