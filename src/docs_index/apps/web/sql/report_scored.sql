-- The documents whose parsed text is a score. A score has few characters.
select
    doc_id,
    doc_dir
from documents
where parser = 'in_last_line' and status = 'ok' and parsed_chars <= 32
order by doc_id
