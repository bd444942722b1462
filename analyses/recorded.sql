-- One row per directory with a metadata.json: the index row that it tells, and what its
-- ids and texts must be, made anew of its other fields.
-- `make sql` renders this into src/docs_index/warehouse/rendered, where Python runs it over the table
-- metadata_texts: the scripts that check need neither dbt nor a build.
{% set logical_parts = [
    "stage", "coalesce(parent_doc_id, combo_id)", "template_id", "model_id"
] %}
{% set doc_parts = ["logical_key_id", "run_id", "row_key"] %}
with extracted as (
    select
        doc_dir as found_dir,
        metadata_text,
        json_extract_string(
            try_cast(metadata_text as json),
            [
                {%- for name, column, kind in metadata_fields() %}
                '$.{{ name }}'{{ "," if not loop.last }}
                {%- endfor %}
            ]
        ) as field_values
    from metadata_texts
),

named as (
    select
        {%- for name, column, kind in metadata_fields() %}
        {%- if kind == "number" %}
        try_cast(field_values[{{ loop.index }}] as bigint) as {{ column }},
        {%- else %}
        field_values[{{ loop.index }}] as {{ column }},
        {%- endif %}
        {%- endfor %}
        found_dir,
        metadata_text
    from extracted
),

with_logical_keys as (
    select *
    from {{ keyed("named", "made_logical_key_id", logical_parts) }}
),

with_doc_ids as (
    select *
    from {{ keyed("with_logical_keys", "made_doc_id", doc_parts) }}
),

with_paths as (
    select
        *,
        case
            when source_csv = 'link' then {{ normalized_path("response_file") }}
        end as normalized_file
    from with_doc_ids
),

final as (
    select
        found_dir,
        metadata_text,
        {%- for name, column, kind in metadata_fields() %}
        {{ column }},
        {%- endfor %}
        {{ json_compact(meta_small_fields()) }} as meta_small,
        {{ json_pretty(metadata_fields()) }} as made_text,
        made_logical_key_id,
        made_doc_id,
        stage || '/' || logical_key_id || '/' || doc_id as made_dir,
        {{ instant_text(instant("timestamp_text")) }} as made_created_at,
        source_csv || ':' || task_id || ':' || timestamp_text || ':' as made_row_prefix,
        {{ prompt_path("normalized_file") }} as prompt_file
    from with_paths
)

select * from final
