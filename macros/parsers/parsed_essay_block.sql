{#-
    The first <essay> block, else all after the first <essay>; null without one.

    The patterns only find the tags as they are written, and the text is cut at them:
    capturing what is between them takes three times as long.
-#}
{% macro parsed_essay_block(text) -%}
    {% set after_tag = text_after(text, "regexp_extract(" ~ text ~ ", '(?i)<essay>')") -%}
    list_transform(
        [case when regexp_matches({{ text }}, '(?i)<essay>') then {{ after_tag }} end],
        lambda essay: {{ trimmed(text_before("essay", "regexp_extract(essay, '(?i)</essay>')")) }}
    )[1]
{%- endmacro %}


{#- As parsed_essay_block without <thinking> blocks; else the whole rest. -#}
{% macro parsed_essay_block_lenient(text) -%}
    {% set pattern = "'(?i)<thinking(?:[ \\t\\r\\n][^>]*)?>[\\s\\S]*?</thinking>'" -%}
    list_transform(
        [regexp_replace({{ text }}, {{ pattern }}, '', 'g')],
        lambda rest: coalesce({{ parsed_essay_block("rest") }}, {{ trimmed("rest") }})
    )[1]
{%- endmacro %}


{#- What stands after the first `part` of a text that holds it. -#}
{% macro text_after(text, part) -%}
    substr({{ text }}, strpos({{ text }}, {{ part }}) + length({{ part }}))
{%- endmacro %}


{#- What stands before the first `part`; the whole text where there is none (''). -#}
{% macro text_before(text, part) -%}
    case
        when {{ part }} = '' then {{ text }}
        else substr({{ text }}, 1, strpos({{ text }}, {{ part }}) - 1)
    end
{%- endmacro %}
