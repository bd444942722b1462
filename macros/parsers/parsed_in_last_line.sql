{#-
    An evaluation's score with a line break, from the last three lines that are not
    blank; null without a score from 0 to 9. A line that is only a score wins over one
    that contains a score, and three digits (their mean) win over a number. A no-break
    space is taken for a space.
-#}
{% macro parsed_in_last_line(text) -%}
    {% set lowest, highest = score_bounds() -%}
    list_transform(
        list_transform(
            [{{ last_lines(with_plain_blanks(text), 3) }}],
            lambda lines: {{ score_in("lines") }}
        ),
        lambda score: case
            when score between {{ lowest }} and {{ highest }} then {{ decimal_text("score") }} || chr(10)
        end
    )[1]
{%- endmacro %}


{#-
    The last lines that are not blank, trimmed, then without `*` and `#`; blank lines
    between them stay.

    One pattern matches all of them at the end, and they remain one text: splitting the
    whole text into a list of lines takes several times as long.
-#}
{% macro last_lines(text, count) -%}
    {% set filled_line = "[^ \\t\\r\\n][^\\n]*" -%}
    {% set more_lines =
        "(?:\\n[ \\t\\r\\n]*" ~ filled_line ~ "){0," ~ (count - 1) ~ "}" -%}
    regexp_replace(
        regexp_replace(
            regexp_extract(
                {{ text }}, '[^\n]*{{ filled_line }}{{ more_lines }}[ \t\r\n]*$'
            ),
            '(?m)^[ \t\r]+|[ \t\r]+$', '', 'g'
        ),
        '[*#]', '', 'g'
    )
{%- endmacro %}


{% macro score_in(lines) -%}
    {% set whole = "(?m)^[ \\t]*(?i:SCORE):[ \\t]*([0-9](?:\\.[0-9]+)?)[ \\t]*$" -%}
    {% set after = "(?i:SCORE)(?::[ \\t]*|[ \\t]+)" -%}
    {% set three = after ~ "([0-9]),?[ \\t]?([0-9]),?[ \\t]?([0-9])" -%}
    {% set number = after ~ "(-?[0-9]+(?:\\.[0-9]+)?)(?:[ \\t]|$)" -%}
    coalesce(
        try_cast(regexp_extract({{ lines }}, '{{ whole }}', 1) as double),
        list_transform(
            [regexp_extract({{ lines }}, '(?m)^.*(?:{{ three }}|{{ number }}).*$')],
            lambda line: coalesce(
                (
                    try_cast(regexp_extract(line, '{{ three }}', 1) as double)
                    + try_cast(regexp_extract(line, '{{ three }}', 2) as double)
                    + try_cast(regexp_extract(line, '{{ three }}', 3) as double)
                ) / 3,
                try_cast(regexp_extract(line, '{{ number }}', 1) as double)
            )
        )[1]
    )
{%- endmacro %}
