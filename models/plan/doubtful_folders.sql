-- One row per folder in which a rejected row looks for its response file, and per
-- folder above that: a run looks whether they are there.
with located as (select * from {{ ref("located_rows") }}),

directories as (
    select
        root_folder,
        list_filter(
            string_split(regexp_extract(path, '^(.*/)?[^/]*$', 1), '/'),
            lambda name: name != ''
        ) as names,
        count(*) as source_rows
    from located
    where
        reason = 'missing_response_file'
        and path != ''
        and not starts_with(response_file, '/')  -- path has lost it
        and not starts_with(path, '..')
    group by root_folder, names
),

folders as (
    select
        unnest(list_transform(
            range(0, len(names) + 1),
            lambda depth: concat_ws('/', root_folder, nullif(
                array_to_string(names[:depth], '/'), ''
            ))
        )) as folder,
        source_rows
    from directories
),

final as (
    select
        folder,
        cast(sum(source_rows) as bigint) as source_rows
    from folders
    group by folder
)

select * from final
