-- The source rows of a response file. The path may be the one of the table, may have
-- folders before it, or may be the one before a repair.
select * from source_rows
where
    response_file = :name
    or substr(:name, -length(response_file) - 1) = '/' || response_file
    or (
        repair is not null
        and exists (
            select 1 from json_each(source_rows.repair) as repairs
            where json_extract(repairs.value, '$.was') = :name
        )
    )
order by moment desc, row_index desc, source_csv asc, doc_id asc
