{#-
    The files of a tool's sources, with those in which nothing of the tool was found: a
    database may have none of its tables.
-#}
{% macro files_of_tool(tool) -%}
    select
        read_files.source_csv,
        read_files.file
    from {{ ref("stg_histories__files") }} as read_files
    inner join {{ ref("stg_histories__sources") }} as tool_sources
        on read_files.source_csv = tool_sources.source_csv
    where tool_sources.tool = '{{ tool }}'
{%- endmacro %}
