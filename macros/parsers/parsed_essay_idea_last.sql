{#-
    The essay idea of the highest stage, the last one among equals; the last idea if
    none names a stage. Stages are compared as numbers of any length: without leading
    zeros, the one with more digits is higher.

    Ideas are found with their tags, and only the chosen one is stripped: capturing the
    text between the tags takes ten times as long.
-#}
{% macro parsed_essay_idea_last(text) -%}
    {% set opening = "<essay-idea(?:[ \\t][^>\\n]*)?>" -%}
    {% set first = opening ~ "\\r?\\n" -%}
    {% set last = "\\r?\\n</essay-idea>" -%}
    {% set stage = "'^<essay-idea[^>\\n]*?[ \\t]stage=\"0*([0-9]+)\"'" -%}
    regexp_replace(
        regexp_replace(
            list_max(
                list_transform(
                    regexp_extract_all({{ text }}, '{{ first }}[\s\S]*?{{ last }}'),
                    lambda idea, place: {
                        'has_stage': regexp_matches(idea, {{ stage }}),
                        'digits': length(regexp_extract(idea, {{ stage }}, 1)),
                        'stage': regexp_extract(idea, {{ stage }}, 1),
                        'place': place,
                        'idea': idea
                    }
                )
            ).idea,
            '^{{ first }}', ''
        ),
        '{{ last }}$', ''
    )
{%- endmacro %}
