{#- Parsers are DuckDB's SQL wherever they run: workers have a DuckDB each. -#}
{% macro spark__parsed_text() -%}
    parsed_text(parser, text)
{%- endmacro %}


{#- DuckDB has judged them before the build, which faulty ones do not reach. -#}
{% macro spark__judged_parsers(own, built_in) -%}
    select
        cast(row_index as bigint) as row_index,
        parser,
        cast(null as string) as fault,
        cast(null as string) as branch
    from {{ own }}
{%- endmacro %}
