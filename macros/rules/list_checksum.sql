{#-
    The checksum of one list: a sum over its rows, in any order. `texts` are its columns
    as texts, in the order of the index's table.
-#}
{% macro list_checksum(table_name, relation, texts) %}
    select
        '{{ table_name }}' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(cast(to_json([{{ texts }}]) as varchar))
                ),
                0
            ) as varchar
        ) as checksum
    from {{ relation }}
{%- endmacro %}

{#- The columns that a list of the index must have, as texts. -#}
{% macro list_texts(table_name) %}
    {%- for column in described_columns() if column.table_name == table_name -%}
        cast("{{ column.name }}" as varchar){{ ", " if not loop.last }}
    {%- endfor %}
{%- endmacro %}
