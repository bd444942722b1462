-- One row per rejected row and file whose path is that of the row in another spelling.
-- Other rows may name the file too: which one is meant is certain.
with source_rows as (select * from {{ source("run", "source_rows") }}),

files as (select * from {{ source("run", "candidate_files") }}),

sought as (
    select
        write_order,
        root_folder,
        path,
        {{ normalized_path("replace(path, chr(92), '/')") }} as slashed
    from source_rows
    where reason = 'missing_response_file' and path != ''
),

found as (
    select
        root_folder,
        path,
        replace(path, chr(92), '/') as slashed
    from files
    where
        -- Paths of tables are trimmed.
        path = trim(path, chr(32) || chr(9) || chr(13) || chr(10))
),

final as (
    select
        sought.write_order,
        found.root_folder,
        found.path,
        'the same path, with ' || concat_ws(
            ' and ',
            case
                when contains(sought.path, chr(92)) then '/ in place of ' || chr(92)
                when contains(found.path, chr(92)) then chr(92) || ' in place of /'
            end,
            case
                when sought.slashed != found.slashed
                    then 'its letters in another Unicode normal form'
            end
        ) as evidence
    from sought
    inner join found
        on
            sought.root_folder = found.root_folder
            and nfc_normalize(sought.slashed) = nfc_normalize(found.slashed)
    where sought.path != found.path
)

select * from final
