-- The number of rows of each row group of the shard $file.
select max(row_group_num_rows) as row_count
from parquet_metadata($file)
group by row_group_id
order by row_group_id
