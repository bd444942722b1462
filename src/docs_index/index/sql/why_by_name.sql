-- The source rows of a task id or of a row_key; a conflict has its task id in its
-- row_key.
select * from source_rows
where
    task_id = :name
    or row_key = :name
    or (
        fate = 'conflict'
        and substr(row_key, instr(row_key, ':') + 1, length(:name) + 1) = :name || ':'
    )
order by moment desc, row_index desc, source_csv asc, doc_id asc
