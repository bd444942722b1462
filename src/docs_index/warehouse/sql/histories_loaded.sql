-- The number of sources of histories that are loaded from files.
select count(*) as amount
from duckdb_tables()
where
    database_name = current_database()
    and schema_name = 'histories'
    and table_name in ('mapped_rows', 'tool_rows')
