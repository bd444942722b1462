{#-
    As on DuckDB. A list of one element is filtered, as `between` needs the instant
    twice. There is one lambda only: Sail loses columns in nested ones. The end is `\z`:
    for Java, `$` is before a line break at the end too.
-#}
{% macro spark__instant(text) -%}
    {%- set pattern = "^" ~ timestamp_pattern() ~ "\\z" -%}
    {%- set part = {} -%}
    {%- for name in [
        "day", "time", "second", "fraction", "basic_day", "basic_time", "basic_second",
        "basic_fraction", "offset",
    ] -%}
        {%- set extracted =
            "regexp_extract(" ~ text ~ ", " ~ sql_text(pattern) ~ ", " ~ loop.index ~ ")"
        -%}
        {%- do part.update({name: extracted}) -%}
    {%- endfor -%}
    cast(get(
        filter(
            array(
                case when {{ part.day }} || {{ part.basic_day }} >= '0001' then
                    timestamp_micros(
                        unix_micros(try_cast(
                            case
                                when {{ part.day }} != ''
                                    then
                                        {{ part.day }} || ' '
                                        || coalesce(nullif({{ part.time }}, ''), '00:00')
                                else
                                    substr({{ part.basic_day }}, 1, 4)
                                    || '-' || substr({{ part.basic_day }}, 5, 2)
                                    || '-' || substr({{ part.basic_day }}, 7)
                                    || ' ' || substr({{ part.basic_time }}, 1, 2)
                                    || ':' || substr({{ part.basic_time }}, 3)
                            end
                            || ':'
                            || lpad({{ part.second }} || {{ part.basic_second }}, 2, '0')
                            || '.' || rpad(
                                {{ part.fraction }} || {{ part.basic_fraction }}, 6, '0'
                            )
                            as timestamp
                        ))
                        - 60000000 * {{ spark__offset_minutes(part.offset) }}
                    )
                end
            ),
            utc -> utc between timestamp '0001-01-01 00:00:00'
            and timestamp '9999-12-31 23:59:59.999999'
        ),
        0
    ) as timestamp_ntz)
{%- endmacro %}


{% macro spark__offset_minutes(offset) -%}
    coalesce(
        try_cast(substr({{ offset }}, 1, 1) || '1' as bigint) * (
            60 * try_cast(substr({{ offset }}, 2, 2) as bigint)
            + try_cast(
                lpad(replace(substr({{ offset }}, 4), ':', ''), 2, '0') as bigint
            )
        ),
        0
    )
{%- endmacro %}
