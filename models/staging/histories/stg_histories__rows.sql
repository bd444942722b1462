-- One row per record of a mapping as it was read, before `where` is applied. The number
-- of its columns v1, v2, … is that of the mapping with the most paths.
select *  -- noqa: AM04
from {{ source("histories", "mapped_rows") }}
