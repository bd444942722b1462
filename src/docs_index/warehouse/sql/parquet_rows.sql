-- One JSON object per row of a Parquet file, in the file's order. The table's name is
-- long, so that no column has it.
select to_json(row_of_the_file_itself) as written
from read_parquet($path, hive_partitioning = false) as row_of_the_file_itself
