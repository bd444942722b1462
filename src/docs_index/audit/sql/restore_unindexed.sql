-- The documents of the shard $name that the index lacks.
select found.path as doc_dir
from found
left join documents on found.path = documents.doc_dir
where found.shard = $name and documents.doc_id is null
