-- The path of the shard, of $files, that has the document of $doc_id and $doc_dir.
select filename
from read_parquet($files, filename = true)
where doc_id = $doc_id and doc_dir = $doc_dir
