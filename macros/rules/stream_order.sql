{#-
    The order in which attempts are lined up before a join goes through them: by instant,
    and at the same instant links, drafts, essays, evaluations, so that what looks for
    a parent comes after what it may find, and a draft after a link; then by row_index.
    The last that may be found is the one that is taken.
-#}
{% macro stream_order() -%}
    occurred_at, turn, row_index
{%- endmacro %}


{% macro turn(source_csv="source_csv") -%}
    case {{ source_csv }} when 'link' then 1 when 'draft' then 2 when 'essay' then 3 else 4 end
{%- endmacro %}
