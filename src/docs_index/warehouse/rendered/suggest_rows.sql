-- One row per source row of the build (attached as `build`), with the folder that its
-- path is relative to, and that path by its letters alone.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
select
    resolved.*,
    case resolved.source_csv
        when 'evaluation' then record.evaluation_root else '3_generation'
    end as root_folder,
    case
        -- A longer path cannot be opened, and normalizing takes its square.
        when length(resolved.response_file) <= 4096
            then array_to_string(
        list_reduce(
            list_transform(
                list_filter(
                    string_split(resolved.response_file, '/'), lambda part: part not in ('', '.')
                ),
                lambda part: [part]
            ),
            lambda parts, part: case
                when part = ['..'] and coalesce(parts[-1], '..') != '..' then parts[:-2]
                else parts || part
            end,
            cast([] as varchar [])
        ),
        '/'
    )
    end as path
from build.main.int_rows__resolved as resolved
cross join build.main.build_record as record