{#-
    The checksum of one list: a sum over its rows, whose order plays no part. The columns
    are those of the list's table in the index, whatever else the relation has.
-#}
{% macro list_checksum(table_name, relation) %}
    {%- set columns = [] %}
    {%- for column in described_columns() if column.table_name == table_name %}
        {%- do columns.append('cast("' ~ column.name ~ '" as varchar)') %}
    {%- endfor %}
    select
        '{{ table_name }}' as table_name,
        count(*) as row_count,
        cast(
            coalesce(
                sum(
                    md5_number_lower(
                        cast(to_json([{{ columns | join(", ") }}]) as varchar)
                    )
                ),
                0
            ) as varchar
        ) as checksum
    from {{ relation }}
{%- endmacro %}
