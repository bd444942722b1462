{#-
    The folder, under the data root, that evaluation response paths are relative to: the
    var `evaluation_root`. One that leads out of the data root stops every command.
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
