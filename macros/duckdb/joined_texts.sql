{#- Of a group, the texts that are not null, in an order, with a separator between. -#}
{% macro joined_texts(text, separator, order) -%}
    string_agg({{ text }}, {{ separator }} order by {{ order }})
{%- endmacro %}


{#- One row per text of a list that is not null: a column of a `select`. -#}
{% macro each_filled(texts) -%}
    unnest(list_filter([
        {%- for text in texts %}
        {{ text }}{{ "," if not loop.last }}
        {%- endfor %}
    ], lambda text: text is not null))
{%- endmacro %}


{#- Whether a word is one of those in a text, which has single blanks between. -#}
{% macro has_word(text, word) -%}
    list_contains(string_split({{ text }}, ' '), {{ word }})
{%- endmacro %}
