-- One row per data row of the table of replicate counts.
with source_rows as (select * from {{ source('cohort_inputs', 'replication_config') }}),

final as (
    select
        row_index,
        {{ filled('stage') }} as stage,
        {{ filled('replicates') }} as replicates_text,
        case
            when
                regexp_full_match({{ trimmed('replicates') }}, '[0-9]+')
                and try_cast({{ trimmed('replicates') }} as bigint) between 1 and 10000
                then cast({{ trimmed('replicates') }} as bigint)
        end as replicates
    from source_rows
)

select * from final
