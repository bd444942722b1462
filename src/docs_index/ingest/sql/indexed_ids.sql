-- Those of the doc_ids $listed, with commas between, that the index has.
select doc_id
from stored.documents
where doc_id in (select unnest(string_split($listed, ',')))
