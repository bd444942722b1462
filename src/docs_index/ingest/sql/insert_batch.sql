-- Inserts the rows of a range of documents whose directories are published.
insert into stored.documents by name
select documents.* exclude (write_order)
from build.main.documents as documents
where
    documents.write_order between $first and $last
    and documents.write_order in (
        select pending.write_order
        from build.plan.pending as pending
        where pending.write_order between $first and $last
    )
order by documents.write_order
