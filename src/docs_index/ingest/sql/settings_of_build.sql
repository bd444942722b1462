-- One row: how the build parsed, and what it took for too large.
select
    parser_sql.expression,
    build_record.max_response_bytes
from build.main.parser_sql
cross join build.main.build_record
