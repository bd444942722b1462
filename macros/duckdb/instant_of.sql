{#-
    A text in one of the forms of histories.yml as an instant in UTC; null if it cannot
    be read. Forms: `iso` (see instant), `epoch`, `epoch_ms`, or a strptime format. A
    time that names no offset is in `zone`. Contract: docs/histories.md.
-#}
{% macro instant_of(text, form, zone) -%}
    {%- if form == "iso" -%}
        {%- set utc = instant(text) -%}
        {%- if zone == "UTC" -%}
            {{ utc }}
        {%- else -%}
            case
                when {{ names_an_offset(text) }} then {{ utc }}
                else {{ in_zone(utc, zone) }}
            end
        {%- endif -%}
    {%- elif form in ("epoch", "epoch_ms") -%}
        {{ instant_of_epoch(text, 1 if form == "epoch" else 1000) }}
    {%- elif "%z" in form -%}
        {{ in_years(
            "cast(try_strptime(" ~ text ~ ", " ~ sql_text(form)
            ~ ") at time zone 'UTC' as timestamp)"
        ) }}
    {%- else -%}
        {{ in_zone(
            "try_strptime(" ~ text ~ ", " ~ sql_text(form) ~ ")", zone
        ) }}
    {%- endif -%}
{%- endmacro %}


{#- A date has no offset: the last digits of 2025-01-02 are a day. -#}
{% macro names_an_offset(text) -%}
    {{ has_match(
        text, "'[Tt ][0-9:.,]+ ?(?:[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)$'"
    ) }}
{%- endmacro %}


{% macro in_zone(local, zone) -%}
    {%- if zone == "UTC" -%}
        {{ in_years(local) }}
    {%- else -%}
        {{ in_years(
            "timezone('UTC', timezone(" ~ sql_text(zone) ~ ", " ~ local ~ "))"
        ) }}
    {%- endif -%}
{%- endmacro %}


{#- Digits after the microsecond are cut off, as those of other times. -#}
{% macro instant_of_epoch(text, in_a_second) -%}
    {%- set number = finite_number(text) -%}
    case
        when
            {{ number }} >= -62135596800 * {{ in_a_second }}
            and {{ number }} < 253402300800 * {{ in_a_second }}
            then make_timestamp(cast(floor(
                coalesce(
                    try_cast({{ text }} as decimal(30, 9)),
                    cast({{ number }} as decimal(30, 9))
                ) * {{ 1000000 // in_a_second }}
            ) as bigint))
    end
{%- endmacro %}


{% macro in_years(utc) -%}
    list_filter(
        [{{ utc }}],
        lambda utc: utc between
        timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'
    )[1]
{%- endmacro %}
