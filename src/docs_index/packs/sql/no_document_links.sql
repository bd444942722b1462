-- No row, with the columns of a file of rows of `document_links`.
select
    cast(null as bigint) as place,
    cast(null as varchar) as doc_id,
    cast(null as varchar) as role,
    cast(null as bigint) as position,
    cast(null as varchar) as linked_doc_id
where false
