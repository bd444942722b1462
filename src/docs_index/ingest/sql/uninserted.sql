-- One row per document whose directory this run has placed, and that has no row.
select pending.doc_dir
from build.plan.pending as pending
anti join stored.documents as documents on pending.doc_id = documents.doc_id
order by pending.write_order
