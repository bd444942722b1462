{#-
    A timestamp's text as an instant in UTC, in microseconds; null if it is invalid.

    A text that matches the pattern is ISO 8601, unless the day does not exist. Such
    days, and instants outside the years 0001 to 9999, are invalid too. Digits after the
    sixth are cut off. A time without an offset is in UTC. Contract: docs/rules.md,
    section 2.
-#}
{% macro instant(text) -%}
    {%- set hour = "(?:[01][0-9]|2[0-3])" -%}
    {%- set sixty = "[0-5][0-9]" -%}
    {%- set pattern =
        "([0-9]{4}-[0-9]{2}-[0-9]{2})"
        ~ "(?:[T ](" ~ hour ~ ":" ~ sixty ~ ")"
        ~ "(?::(" ~ sixty ~ ")(?:\\.([0-9]{1,9}))?)?)?"
        ~ "(?:Z|([+-]" ~ hour ~ ":?" ~ sixty ~ "))?"
    -%}
    list_transform(
        list_filter(
            [
                regexp_extract(
                    {{ text }},
                    '^{{ pattern }}$',
                    ['day', 'time', 'second', 'fraction', 'offset']
                )
            ],
            lambda found: found.day != '' and found.day >= '0001'
        ),
        lambda found: {{ utc_instant("found") }}
    )[1]
{%- endmacro %}


{% macro utc_instant(found) -%}
    list_filter(
        [
            try_cast(
                {{ found }}.day
                || ' ' || coalesce(nullif({{ found }}.time, ''), '00:00')
                || ':' || lpad({{ found }}.second, 2, '0')
                || '.' || left(rpad({{ found }}.fraction, 6, '0'), 6)
                as timestamp
            ) - to_minutes(cast({{ offset_minutes(found ~ ".offset") }} as bigint))
        ],
        lambda utc: utc between
        timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'
    )[1]
{%- endmacro %}


{% macro offset_minutes(offset) -%}
    case when {{ offset }} = '' then 0 else
        cast({{ offset }}[1] || '1' as integer)
        * (60 * cast({{ offset }}[2:3] as integer) + cast({{ offset }}[-2:] as integer))
    end
{%- endmacro %}
