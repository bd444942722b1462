-- The source rows of a task id or of a row_key, and the one of a table's row number.
-- What is cheap comes first: json_extract, which gives source_csv, is slow.
select * from source_rows
where
    task_id = :name
    or row_key = :name
    or (
        fate = 'conflict'
        and substr(row_key, instr(row_key, ':') + 1, length(:name) + 1) = :name || ':'
    )
    or (
        coalesce(substr(row_key, 1, instr(row_key, ':') - 1), source_csv) = :source_csv
        and row_index = :row_index
    )
order by moment desc, row_index desc, source_csv asc, doc_id asc
