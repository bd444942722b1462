-- One row per stage that the page shows.
select
    stage,
    colour,
    documents,
    logical_keys,
    parse_errors,
    links,
    bad_rows
from shown_stages
order by position
