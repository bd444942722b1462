-- The checksum of one list: a sum over its rows, whose order plays no part.
select
    '{table}' as table_name,
    count(*) as row_count,
    cast(
        coalesce(
            sum(
                cast(
                    '0x'
                    || substr(sha256(cast(to_json([{values}]) as varchar)), 1, 15)
                    as bigint
                )
            ),
            0
        ) as varchar
    ) as checksum
from {rows}
