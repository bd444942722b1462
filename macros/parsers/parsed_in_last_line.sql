{#-
    An evaluation's score, out of the last three lines that are not blank, with a line
    break; null without a score from 0 to 9. A line that is nothing but a score counts
    before one that holds a score, and three digits (their mean) before a number.
-#}
{% macro parsed_in_last_line(text) -%}
    list_transform(
        [{{ last_lines(text, 3) }}],
        lambda lines: case
            when {{ score_in_lines("lines") }} between 0 and 9
                then {{ decimal_text(score_in_lines("lines")) }} || chr(10)
        end
    )[1]
{%- endmacro %}


{#-
    The last lines that are not blank, trimmed, then without `*` and `#`.

    One pattern takes all of them off the end: splitting a whole text takes longer.
-#}
{% macro last_lines(text, count) -%}
    {% set filled_line = "[^ \\t\\r\\n][^\\n]*" -%}
    {% set more_lines = "(?:\\n[ \\t\\r\\n]*" ~ filled_line ~ "){0," ~ (count - 1) ~ "}" -%}
    list_transform(
        regexp_extract_all(
            regexp_extract(
                {{ text }}, '[^\n]*{{ filled_line }}{{ more_lines }}[ \t\r\n]*$'
            ),
            '{{ filled_line }}'
        ),
        lambda line: regexp_replace({{ trimmed("line") }}, '[*#]', '', 'g')
    )
{%- endmacro %}


{#- The score in a list of lines, as a double; null without one. -#}
{% macro score_in_lines(lines) -%}
    {% set whole = "'[ \\t]*(?i:SCORE):[ \\t]*([0-9](?:\\.[0-9]+)?)[ \\t]*'" -%}
    {% set after = "(?i:SCORE)(?::[ \\t]*|[ \\t]+)" -%}
    {% set three = "'" ~ after ~ "([0-9]),?[ \\t]?([0-9]),?[ \\t]?([0-9])'" -%}
    {% set number = "'" ~ after ~ "(-?[0-9]+(?:\\.[0-9]+)?)(?:[ \\t]|$)'" -%}
    list_extract(
        list_transform(
            list_filter({{ lines }}, lambda line: regexp_full_match(line, {{ whole }})),
            lambda line: cast(regexp_extract(line, {{ whole }}, 1) as double)
        )
        || list_transform(
            list_filter(
                {{ lines }},
                lambda line: regexp_matches(line, {{ three }})
                or regexp_matches(line, {{ number }})
            ),
            lambda line: case
                when regexp_matches(line, {{ three }})
                    then (
                        cast(regexp_extract(line, {{ three }}, 1) as double)
                        + cast(regexp_extract(line, {{ three }}, 2) as double)
                        + cast(regexp_extract(line, {{ three }}, 3) as double)
                    ) / 3
                else try_cast(regexp_extract(line, {{ number }}, 1) as double)
            end
        ),
        1
    )
{%- endmacro %}
