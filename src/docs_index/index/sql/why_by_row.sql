-- The source rows of a task id, of a row_key or of a record's own id, and the one of a
-- row number.
-- What is cheap comes first: json_extract, which gives source_csv, is slow.
select * from source_rows
where
    task_id = :name
    or row_key = :name
    or (
        substr(row_key, instr(row_key, ':') + 1) = :name
        and source_csv not in ('draft', 'link', 'essay', 'evaluation')
        and substr(row_key, 1, length(source_csv) + 1) = source_csv || ':'
    )
    or (
        fate = 'conflict'
        and source_csv in ('draft', 'link', 'essay', 'evaluation')
        and substr(row_key, instr(row_key, ':') + 1, length(:name) + 1) = :name || ':'
    )
    or (
        coalesce(substr(row_key, 1, instr(row_key, ':') - 1), source_csv) = :source_csv
        and row_index = :row_index
    )
order by moment desc, row_index desc, source_csv asc, doc_id asc
