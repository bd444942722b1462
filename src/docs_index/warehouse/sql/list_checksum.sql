-- The checksum of one list: a sum over its rows, whose order plays no part.
select
    '{table}' as table_name,
    count(*) as row_count,
    cast(
        coalesce(sum(md5_number_lower(cast(to_json([{values}]) as varchar))), 0)
        as varchar
    ) as checksum
from {rows}
