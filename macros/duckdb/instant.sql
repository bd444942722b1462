{#-
    A timestamp's text as an instant in UTC, in microseconds; null if it is invalid.

    A text that matches the pattern is a timestamp, unless the day does not exist. Such
    days, and instants outside the years 0001 to 9999, are invalid too. Digits after the
    sixth are cut off. A time without an offset is in UTC. Contract: docs/rules.md,
    section 2; timestamp_form says the same to users.
-#}
{% macro instant(text) -%}
    {{ adapter.dispatch("instant")(text) }}
{%- endmacro %}


{% macro default__instant(text) -%}
    list_transform(
        list_filter(
            [
                regexp_extract(
                    {{ text }},
                    '^{{ timestamp_pattern() }}$',
                    [
                        'day', 'time', 'second', 'fraction', 'basic_day', 'basic_time',
                        'basic_second', 'basic_fraction', 'offset'
                    ]
                )
            ],
            lambda found: found.day || found.basic_day >= '0001'
        ),
        lambda found: {{ utc_instant("found") }}
    )[1]
{%- endmacro %}


{#- A regular expression without its ends: nine groups, the parts of a timestamp. -#}
{% macro timestamp_pattern() -%}
    {%- set hour = "(?:[01][0-9]|2[0-3])" -%}
    {%- set sixty = "[0-5][0-9]" -%}
    {%- set fraction = "(?:[.,]([0-9]{1,9}))?" -%}
    {%- set pattern =
        "(?:([0-9]{4}-[0-9]{2}-[0-9]{2})"
        ~ "(?:[Tt ](" ~ hour ~ ":" ~ sixty ~ ")(?::(" ~ sixty ~ ")" ~ fraction ~ ")?)?"
        ~ "|([0-9]{8})"
        ~ "T(" ~ hour ~ sixty ~ ")(?:(" ~ sixty ~ ")" ~ fraction ~ ")?)"
        ~ "(?: ?(?:[Zz]|UTC|GMT|([+-]" ~ hour ~ "(?::?" ~ sixty ~ ")?)))?"
    -%}
    {{ pattern }}
{%- endmacro %}


{% macro utc_instant(found) -%}
    list_filter(
        [
            try_cast(
                case
                    when {{ found }}.day != ''
                        then
                            {{ found }}.day
                            || ' ' || coalesce(nullif({{ found }}.time, ''), '00:00')
                    else
                        {{ found }}.basic_day[:4]
                        || '-' || {{ found }}.basic_day[5:6]
                        || '-' || {{ found }}.basic_day[7:]
                        || ' ' || {{ found }}.basic_time[:2]
                        || ':' || {{ found }}.basic_time[3:]
                end
                || ':' || lpad({{ found }}.second || {{ found }}.basic_second, 2, '0')
                || '.' || left(
                    rpad({{ found }}.fraction || {{ found }}.basic_fraction, 6, '0'), 6
                )
                as timestamp
            ) - to_minutes(cast({{ offset_minutes(found ~ ".offset") }} as bigint))
        ],
        lambda utc: utc between
        timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'
    )[1]
{%- endmacro %}


{% macro offset_minutes(offset) -%}
    case when {{ offset }} = '' then 0 else
        cast({{ offset }}[1] || '1' as integer) * (
            60 * cast({{ offset }}[2:3] as integer)
            + cast(lpad(ltrim({{ offset }}[4:], ':'), 2, '0') as integer)
        )
    end
{%- endmacro %}


{#- What a timestamp must look like, for messages. -#}
{% macro timestamp_form() -%}
    'write it as 2025-07-01T12:00:00Z: a date, T or a blank, hh:mm or hh:mm:ss with up '
    || 'to 9 digits after a point, and Z or an offset like +02:00 (without one it is UTC)'
{%- endmacro %}
