-- One row per file of a tool that no model knows: a newer format, or another one.
-- The build stops here if there is any: it is not read as far as it goes.
{{ config(post_hook="{{ refuse_unknown_files() }}") }}
with
{%- for tool in history_tools() %}
{{ tool }} as (select * from {{ ref("stg_" ~ tool ~ "__refused") }}),
{% endfor %}
final as (
    {%- for tool in history_tools() %}
    select
        '{{ tool }}' as tool,
        source_csv,
        file,
        detail
    from {{ tool }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from final
