{% macro max_response_bytes() -%}
    {% set bytes = var("max_response_bytes") | string %}
    {% if not modules.re.fullmatch("[0-9]{1,18}", bytes) %}
        {% do exceptions.raise_compiler_error(
            "the dbt var max_response_bytes is '" ~ bytes
            ~ "': it must be a whole number of bytes"
        ) %}
    {% endif %}
    {{ return(bytes) }}
{%- endmacro %}
