{#-
    The first <essay> block, else the text after the first <essay>; null without one.

    The patterns find only the tags, and the text is cut at them. Capturing the text
    between the tags takes ten times as long, and counting the characters before them
    (strpos, substr) three times.
-#}
{% macro parsed_essay_block(text) -%}
    case
        when regexp_matches({{ text }}, '(?i)<essay>')
            then list_transform(
                [regexp_replace({{ text }}, '(?is)^.*?<essay>', '')],
                lambda essay: list_transform(
                    [regexp_extract(essay, '(?i)</essay>')],
                    lambda tag: {{ trimmed_text(text_before("essay", "tag")) }}
                )[1]
            )[1]
    end
{%- endmacro %}


{% macro parsed_essay_block_lenient(text) -%}
    {% set pattern = "'(?i)<thinking(?:[ \\t\\r\\n][^>]*)?>[\\s\\S]*?</thinking>'" -%}
    list_transform(
        [regexp_replace({{ text }}, {{ pattern }}, '', 'g')],
        lambda rest: coalesce(
            {{ parsed_essay_block("rest") }}, {{ trimmed_text("rest") }}
        )
    )[1]
{%- endmacro %}


{% macro text_before(text, part) -%}
    case
        when {{ part }} = '' then {{ text }}
        else split_part({{ text }}, {{ part }}, 1)
    end
{%- endmacro %}
