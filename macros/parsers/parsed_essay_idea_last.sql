{#-
    The essay idea of the highest stage, the last one among equals; the last idea
    where none names a stage. Stages are compared as numbers of any length: without
    leading zeros, the one with more digits is the higher.
-#}
{% macro parsed_essay_idea_last(text) -%}
    {% set pattern -%}
        '(<essay-idea(?:[ \t][^>\n]*)?>)\r?\n([\s\S]*?)\r?\n</essay-idea>'
    {%- endset -%}
    {% set stage = "'[ \\t]stage=\"0*([0-9]+)\"'" -%}
    regexp_extract_all({{ text }}, {{ pattern }}, 2)[
        list_max(
            list_transform(
                regexp_extract_all({{ text }}, {{ pattern }}, 1),
                lambda tag, place: {
                    'has_stage': regexp_matches(tag, {{ stage }}),
                    'digits': length(regexp_extract(tag, {{ stage }}, 1)),
                    'stage': regexp_extract(tag, {{ stage }}, 1),
                    'place': place
                }
            )
        ).place
    ]
{%- endmacro %}
