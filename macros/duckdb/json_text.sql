{#- A value as JSON text; a null as `null`. -#}
{% macro json_text(value) -%}
    coalesce(cast(to_json({{ value }}) as varchar), 'null')
{%- endmacro %}


{#- Fields (name, SQL, left out if null) as one JSON object on one line. -#}
{% macro json_compact(fields) -%}
    '{' || concat_ws(',', {{ json_members(fields, '":') }}) || '}'
{%- endmacro %}


{#- The same with two-space indents and a line break at the end: a file's text. -#}
{% macro json_pretty(fields) -%}
    '{' || chr(10) || '  '
    || concat_ws(',' || chr(10) || '  ', {{ json_members(fields, '": ') }})
    || chr(10) || '}' || chr(10)
{%- endmacro %}


{% macro json_members(fields, separator) -%}
    {% for name, value, is_optional in fields -%}
        '"{{ name }}{{ separator }}' || {% if is_optional -%}
            cast(to_json({{ value }}) as varchar)
        {%- else -%}
            {{ json_text(value) }}
        {%- endif %}{{ ",\n" if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- An instant in UTC as YYYY-MM-DDThh:mm:ss.ffffffZ. -#}
{% macro instant_text(instant) -%}
    strftime({{ instant }}, '%Y-%m-%dT%H:%M:%S.%fZ')
{%- endmacro %}
