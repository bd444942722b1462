-- The source row of a document.
select * from source_rows
where
    doc_id = :name
order by moment desc, row_index desc, source_csv asc, doc_id asc
