{#-
    The folder below the data root that the response paths of evaluations are relative
    to: the var `evaluation_root`. If it leads out of the data root, every command
    stops.
-#}
{% macro evaluation_root() -%}
    {%- set folder = var("evaluation_root") | string -%}
    {%- if folder.startswith("/") or ".." in folder.split("/") or not folder.strip() -%}
        {%- do exceptions.raise_compiler_error(
            "the var evaluation_root is '" ~ folder ~ "': it must be a folder under the "
            ~ "data root, like 3_generation or 4_evaluation"
        ) -%}
    {%- endif -%}
    {{ return(folder) }}
{%- endmacro %}
