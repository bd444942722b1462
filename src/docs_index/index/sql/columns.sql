-- One row per column of the tables of this program, in the order of the schema.
select
    tables.name,
    columns.name,
    columns.type
from sqlite_schema as tables
inner join pragma_table_info(tables.name) as columns
where tables.type = 'table'
order by tables.rowid, columns.cid
