-- One row per draft document: its response file, and the range of its parsed text.
select
    row_key,
    response_file,
    parsed_from,
    parsed_bytes
from run.source_rows
where reason is null and stage = 'draft'
order by write_order
