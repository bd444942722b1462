{#-
    The order of the attempts in a stream: by instant, and at the same instant links,
    drafts, essays, evaluations; then by row_index. So an attempt that looks for a
    parent follows its candidates, and a draft follows a link. The last candidate before
    the attempt is the parent.
-#}
{% macro stream_order() -%}
    occurred_at, turn, row_index
{%- endmacro %}


{% macro turn(source_csv="source_csv") -%}
    case {{ source_csv }} when 'link' then 1 when 'draft' then 2 when 'essay' then 3 else 4 end
{%- endmacro %}


{#-
    The number of a stream, of its keys: up to 60 bits of their hash. To number streams
    in an order, one process would have to see all of them. The length tells where the
    first key ends.
-#}
{% macro stream_number() -%}
    {%- set keys =
        "link_method || ':' || length(first_key) || ':' || first_key || second_key"
    -%}
    {{ hexadecimal("substr(" ~ sha256_hex(keys) ~ ", 1, 15)") }}
{%- endmacro %}
