-- One row per column of the tables of this program, in the order of the schema.
select
    tables.name as table_name,
    columns.name as column_name,
    columns.type
from sqlite_schema as tables
cross join pragma_table_info(tables.name) as columns
where tables.type = 'table'
order by tables.rowid, columns.cid
