{{ config(severity="warn") }}
-- Warns when two different tuples are written alike, as (`a|b`, `c`) and (`a`, `b|c`)
-- are: they share a logical key, so reports take them for one question. Each still has
-- a doc_id and a directory of its own, for row_key is part of those.
-- A warning, no error: the runtime's keys do not escape `|`, so the key is right, and
-- one hostile id must not stop the import of everything else. Rename the id.
-- Does not check collisions of the hash; assert_no_two_key_tuples_share_a_logical_key
-- does.
with tuples as ({{ key_tuples() }}),

different as (
    select
        logical_key_id,
        written,
        part_1,
        part_2,
        part_3,
        min(row_key) as example
    from tuples
    -- Where one tuple has no `|`, another that is written like it has none either.
    where contains(part_1 || part_2 || part_3, '|')
    group by logical_key_id, written, part_1, part_2, part_3
)

select
    logical_key_id,
    written,
    count(*) as tuples,
    min(example) as first_row_key,
    max(example) as last_row_key
from different
group by logical_key_id, written
having count(*) > 1
