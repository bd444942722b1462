{#-
    A normalized path, or null, as it is spelled everywhere: with `/` for the `\` of
    Windows, and with composed letters, which macOS takes apart.
-#}
{% macro spelled_path(path) -%}
    {{ normalized_path("nfc_normalize(replace(" ~ path ~ ", chr(92), '/'))") }}
{%- endmacro %}
