-- One row per source row of the build (attached as `build`), with the folder that its
-- path is relative to, and that path by its letters alone.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
select
    resolved.*,
    case resolved.source_csv
        when 'evaluation' then record.evaluation_root else {{ sql_text(responses_folder()) }}
    end as root_folder,
    case
        -- A longer path cannot be opened, and normalizing takes its square.
        when length(resolved.response_file) <= 4096
            then {{ normalized_path("resolved.response_file") }}
    end as path
from build.main.int_rows__resolved as resolved
cross join build.main.build_record as record
