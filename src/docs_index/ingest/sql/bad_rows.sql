-- The bad rows of the build that bad_generations.csv does not list yet.
select current.*
from build.main.bad_generations as current
where not exists (
    select 1
    from listed
    where
        listed.source_csv = current.source_csv
        and coalesce(listed.row_key, listed.row_index)
        = coalesce(current.row_key, cast(current.row_index as varchar))
        and listed.reason = current.reason
        and listed.run_id = current.run_id
)
order by
    list_position(['draft', 'link', 'essay', 'evaluation'], current.source_csv),
    current.row_index
