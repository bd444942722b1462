{% macro json_text(value, kind) -%}
    {% if kind.endswith("text") %}cast(to_json({{ value }}) as varchar)
    {%- elif kind.endswith("word") %}'"' || {{ value }} || '"'
    {%- elif kind.endswith("json") %}{{ value }}
    {%- else %}cast({{ value }} as varchar)
    {%- endif %}
{%- endmacro %}


{#- JSON text as DuckDB writes it: reading it out of an object gives the same text. -#}
{% macro canonical_json(text) -%}
    cast(json_extract(cast({{ text }} as json), '$') as varchar)
{%- endmacro %}


{% macro json_compact(fields) -%}
    {{ adapter.dispatch("json_compact")(fields) }}
{%- endmacro %}


{% macro default__json_compact(fields) -%}
    '{' || concat_ws(',', {{ json_members(fields, '":') }}) || '}'
{%- endmacro %}


{% macro json_pretty(fields) -%}
    {{ adapter.dispatch("json_pretty")(fields) }}
{%- endmacro %}


{% macro default__json_pretty(fields) -%}
    '{' || chr(10) || '  '
    || concat_ws(',' || chr(10) || '  ', {{ json_members(fields, '": ') }})
    || chr(10) || '}' || chr(10)
{%- endmacro %}


{% macro json_members(fields, separator) -%}
    {% for name, value, kind in fields -%}
        {% if kind.startswith("optional") -%}
            '"{{ name }}{{ separator }}' || {{ json_text(value, kind) }}
        {%- else -%}
            '"{{ name }}{{ separator }}' || coalesce({{ json_text(value, kind) }}, 'null')
        {%- endif %}{{ ",\n" if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro instant_text(instant) -%}
    {{ adapter.dispatch("instant_text")(instant) }}
{%- endmacro %}


{% macro default__instant_text(instant) -%}
    strftime({{ instant }}, '%Y-%m-%dT%H:%M:%S.%fZ')
{%- endmacro %}
