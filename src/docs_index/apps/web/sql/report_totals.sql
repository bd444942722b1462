-- One row: the totals of the index. If it is empty, the times are null.
select
    count(*) as documents,
    count(distinct stage || logical_key_id) as logical_keys,
    count(*) filter (where status = 'parse_error') as parse_errors,
    coalesce(sum(raw_bytes), 0) as raw_bytes,
    min(created_at) as first_created_at,
    max(created_at) as last_created_at,
    count(*) - count(created_at) as without_time,
    count(*) filter (
        where json_extract(meta_small, '$.file') is not null
    ) as of_histories,
    (select count(*) from bad_generations) as bad_rows,
    (select count(*) from backfill_conflicts) as conflicts,
    (select count(*) from backfill_notices) as notices
from documents
