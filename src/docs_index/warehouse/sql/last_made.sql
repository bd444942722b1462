-- One row: whether the last build is complete, what made it, and how it read responses.
select
    build_record.status,
    build_record.made_by,
    parser_sql.expression,
    build_record.max_response_bytes
from build.main.build_record
cross join build.main.parser_sql
