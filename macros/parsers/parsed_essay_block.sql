{#-
    The first <essay> block, else all after the first <essay>; null without one.

    The patterns only find the tags as they are written, and the text is cut at them:
    capturing what is between them takes ten times as long.
-#}
{% macro parsed_essay_block(text) -%}
    list_transform(
        list_transform(
            [regexp_extract({{ text }}, '(?i)<essay>')],
            lambda tag: case when tag != '' then {{ text_after(text, "tag") }} end
        ),
        lambda essay: list_transform(
            [regexp_extract(essay, '(?i)</essay>')],
            lambda tag: {{ trimmed_text(text_before("essay", "tag")) }}
        )[1]
    )[1]
{%- endmacro %}


{#- As parsed_essay_block without <thinking> blocks; else the whole rest. -#}
{% macro parsed_essay_block_lenient(text) -%}
    {% set pattern = "'(?i)<thinking(?:[ \\t\\r\\n][^>]*)?>[\\s\\S]*?</thinking>'" -%}
    list_transform(
        [regexp_replace({{ text }}, {{ pattern }}, '', 'g')],
        lambda rest: coalesce(
            {{ parsed_essay_block("rest") }}, {{ trimmed_text("rest") }}
        )
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
