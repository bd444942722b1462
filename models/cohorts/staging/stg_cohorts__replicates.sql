-- One row per data row of the table of replicate counts.
with source_rows as (select * from {{ source('cohort_inputs', 'replication_config') }}),

final as (
    select
        row_index,
        {{ filled('stage') }} as stage,
        {{ filled('replicates') }} as replicates_text,
        case
            when
                {{ matches(trimmed('replicates'), "'[0-9]+'") }}
                and {{ whole_number(trimmed('replicates')) }} between 1 and 10000
                then cast({{ trimmed('replicates') }} as bigint)
        end as replicates
    from source_rows
)

select * from final
