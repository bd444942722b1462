{#- The first <essay> block, else all after the first <essay>; null without one. -#}
{% macro parsed_essay_block(text) -%}
    case
        when regexp_matches({{ text }}, '(?i)<essay>[\s\S]*?</essay>')
            then {{ trimmed("regexp_extract(" ~ text ~ ", '(?i)<essay>([\s\S]*?)</essay>', 1)") }}
        when regexp_matches({{ text }}, '(?i)<essay>')
            then {{ trimmed("regexp_extract(" ~ text ~ ", '(?i)<essay>([\s\S]*)', 1)") }}
    end
{%- endmacro %}


{#- As parsed_essay_block without <thinking> blocks; the whole rest where that fails. -#}
{% macro parsed_essay_block_lenient(text) -%}
    {% set pattern = "(?i)<thinking(?:[ \\t\\r\\n][^>]*)?>[\\s\\S]*?</thinking>" -%}
    {% set rest = "regexp_replace(" ~ text ~ ", '" ~ pattern ~ "', '', 'g')" -%}
    coalesce({{ parsed_essay_block(rest) }}, {{ trimmed(rest) }})
{%- endmacro %}
