-- The documents of the build's run_id that the index has. New are those that were added
-- after the last run that ended: their rows were inserted later, and no row is ever
-- deleted, so they come after as many rows as that run left.
with ended as (select max(documents) as documents from stored.run_record),

found as (
    select
        documents.*,
        documents.rowid as place,
        json_extract_string(
            documents.meta_small, ['$.source_csv', '$.row_index', '$.response_file']
        ) as meta_values
    from stored.documents as documents
    where documents.run_id = $run_id
)

select
    found.doc_id,
    found.stage,
    found.task_id,
    found.row_key,
    found.created_at,
    found.content_hash,
    found.meta_values[1] as source_csv,
    cast(found.meta_values[2] as bigint) as row_index,
    found.meta_values[3] as response_file,
    found.place > coalesce(ended.documents, 0)
    and found.meta_values[1] != 'runtime' as is_new
from found
cross join ended
