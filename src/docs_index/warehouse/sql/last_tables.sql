-- One row per CSV file that the last build looked for; no hash where it was missing.
select
    path,
    size_bytes,
    content_hash
from build.data_root.input_files
order by path
