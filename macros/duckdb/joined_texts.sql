{% macro joined_texts(text, separator, order) -%}
    {{ adapter.dispatch("joined_texts")(text, separator, order) }}
{%- endmacro %}


{% macro default__joined_texts(text, separator, order) -%}
    string_agg({{ text }}, {{ separator }} order by {{ order }})
{%- endmacro %}


{% macro each_filled(texts) -%}
    unnest(list_filter([
        {%- for text in texts %}
        {{ text }}{{ "," if not loop.last }}
        {%- endfor %}
    ], lambda text: text is not null))
{%- endmacro %}


{% macro has_word(text, word) -%}
    {{ adapter.dispatch("has_word")(text, word) }}
{%- endmacro %}


{% macro default__has_word(text, word) -%}
    list_contains(string_split({{ text }}, ' '), {{ word }})
{%- endmacro %}
