-- Fails when doc_dir is not `{stage}/{logical_key_id}/{doc_id}`, or a part is not a
-- name of its alphabet. A directory elsewhere is found by no reader, and a part with a
-- slash or dots could lead out of docs/.
-- Does not check what is on disk; the consistency report does.
with documents as (select * from {{ ref("documents") }})

select
    doc_id,
    stage,
    logical_key_id,
    doc_dir
from documents
where
    doc_dir is null
    or doc_dir != concat_ws('/', stage, logical_key_id, doc_id)
    or not {{ matches("stage", "'[a-z]+'") }}
    or not {{ matches("logical_key_id", "'[0-9a-z]{16}'") }}
    or not {{ matches("doc_id", "'[0-9a-z]{16}'") }}
