-- The number of rows of the shard $file.
select count(*) as row_count
from read_parquet($file)
