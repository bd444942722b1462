-- The number of sources that are loaded: tables of a command that reads some files, and
-- of those before it.
select count(*) as amount
from duckdb_tables()
where
    database_name = current_database()
    and schema_name in ('cross_experiment', 'raw')
