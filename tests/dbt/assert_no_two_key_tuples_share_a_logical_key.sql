-- Fails when two tuples that are written differently get the same logical key: 16
-- characters of SHA-256 have collided, or the macro `keyed` is wrong. Documents of two
-- questions would pass for answers to one.
-- Does not check tuples that are written alike because an id holds a `|`; that is
-- assert_no_pipe_makes_two_key_tuples_alike.
with tuples as ({{ key_tuples() }})

select
    logical_key_id,
    min(written) as first_tuple,
    max(written) as last_tuple
from tuples
group by logical_key_id
having min(written) != max(written)
