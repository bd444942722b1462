-- The directory that each document of the shards $files stands for.
select doc_dir
from read_parquet($files)
