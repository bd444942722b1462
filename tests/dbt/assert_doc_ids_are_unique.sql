-- Fails when two source rows make the same doc_id. The later of them would never be
-- written: the index skips a doc_id that it has.
-- Does not check ids of earlier builds; the index's primary key does.
with resolved as (select * from {{ ref("int_rows__resolved") }})

select
    doc_id,
    count(*) as source_rows,
    min(row_key) as first_row_key,
    max(row_key) as last_row_key
from resolved
where doc_id is not null
group by doc_id
having count(*) > 1
