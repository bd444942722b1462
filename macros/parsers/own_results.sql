{#- The group of the last match of a pattern with one group; null without a match. -#}
{% macro last_match(text, pattern) -%}
    {{ groups_matched(pattern, 1, with_plain_blanks(text)) }}[-1]
{%- endmacro %}


{#-
    What a path finds in a JSON object: a string without its quotes, or another value as
    JSON; null where nothing is there, or null. A step is the name of a member, or the
    place in a list, from 0. Of members of one name the last counts, as for most readers.
-#}
{% macro member_text(object, path) -%}
    json_extract_string(
        list_reduce(
            string_split({{ path }}, '.'),
            lambda value, step: case json_type(value)
                when 'OBJECT' then json_extract(value, '$.*')[
                    len(json_keys(value)) + 1
                    - nullif(list_position(list_reverse(json_keys(value)), step), 0)
                ]
                when 'ARRAY' then case
                    when regexp_full_match(step, '[0-9]{1,9}')
                        then json_extract(value, '$[' || step || ']')
                end
            end,
            cast(try_cast({{ object }} as json) as varchar)
        ),
        '$'
    )
{%- endmacro %}


{#- A found text as a number within bounds, with a line break; else null. -#}
{% macro number_within(found) -%}
    list_transform(
        list_transform(
            list_transform(
                [{{ found }}],
                lambda result: {{ trimmed_text(with_plain_blanks("result")) }}
            ),
            lambda result: {{ number_of_result("result") }}
        ),
        lambda number: case
            when
                number between cast('@minimum@' as double)
                and cast('@maximum@' as double)
                then {{ decimal_text("number") }} || chr(10)
        end
    )[1]
{%- endmacro %}


{#- `8/10` is 8. -#}
{% macro number_of_result(result) -%}
    {{ plain_number(result, "(?:[ \\t]*/[ \\t]*[0-9]+(?:[.,][0-9]+)?)?") }}
{%- endmacro %}


{#- A text that is a number, with a decimal point or comma, as a double; else null. -#}
{% macro plain_number(text, what_follows="") -%}
    {% set digits = "[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?" -%}
    list_filter(
        [
            try_cast(
                replace(
                    regexp_extract({{ text }}, '^({{ digits }}){{ what_follows }}$', 1),
                    ',', '.'
                ) as double
            )
        ],
        lambda number: isfinite(number)
    )[1]
{%- endmacro %}
