{% macro named_parsers(source_csv) -%}
with source_rows as (
    select
        row_index,
        {{ filled("template_id") }} as template_id,
        {{ filled("parser") }} as parser
    from {{ source("raw", source_csv ~ "_templates") }}
)

select
    '{{ source_csv }}' as source_csv,
    row_index,
    template_id,
    parser
from source_rows
where
    template_id is not null
    and parser is not null
{%- endmacro %}
