-- One row per CSV file of the data root that this build looked for.
-- Its source lists the files of the other sources, so it is loaded after them.
-- depends_on: {{ ref('stg_cross_experiment__drafts') }}
-- depends_on: {{ ref('stg_cross_experiment__links') }}
-- depends_on: {{ ref('stg_cross_experiment__essays') }}
-- depends_on: {{ ref('stg_cross_experiment__evaluations') }}
-- depends_on: {{ ref('stg_cross_experiment__repairs') }}
-- depends_on: {{ ref('stg_raw__draft_templates') }}
-- depends_on: {{ ref('stg_raw__link_templates') }}
-- depends_on: {{ ref('stg_raw__essay_templates') }}
-- depends_on: {{ ref('stg_raw__evaluation_templates') }}
-- depends_on: {{ ref('stg_raw__parsers') }}
with input_files as (select * from {{ source('data_root', 'input_files') }}),

final as (
    select
        data_root,
        path,
        is_present,
        data_rows,
        size_bytes,
        content_hash
    from input_files
)

select * from final
