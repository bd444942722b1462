-- Those of the doc_ids $listed, with commas between, that the table $table_name has.
select doc_id
from query_table($table_name)
where doc_id in (select unnest(string_split($listed, ',')))
