-- The responses of draft documents, and which part of each is its text.
select
    row_key,
    response_file,
    parsed_from,
    parsed_bytes
from run.source_rows
where reason is null and stage = 'draft'
order by write_order
