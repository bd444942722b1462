-- The source rows of a task id, of a row_key or of a record's own id, which its row_key
-- has after its source. A conflict of a table has its task id in its row_key.
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
order by moment desc, row_index desc, source_csv asc, doc_id asc
