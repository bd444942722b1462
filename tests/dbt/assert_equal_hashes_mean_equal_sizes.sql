-- Fails when two documents with the same content hash differ in size: the facts of one
-- of them are of another file, or of another moment.
-- Does not check the hash against the bytes; materialize_docs.py does.
with resolved as (select * from {{ ref("int_rows__resolved") }})

select
    content_hash,
    count(*) as source_rows,
    min(raw_bytes) as least_bytes,
    max(raw_bytes) as most_bytes,
    min(raw_chars) as least_chars,
    max(raw_chars) as most_chars
from resolved
where content_hash is not null
group by content_hash
having min(raw_bytes) != max(raw_bytes) or min(raw_chars) != max(raw_chars)
