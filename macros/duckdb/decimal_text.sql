{#-
    The shortest decimal that reads back as the same double: with a point, without an
    exponent. DuckDB prints all but small numbers (1e-05) and large ones (1e+16) in this
    form.
-#}
{% macro decimal_text(number) -%}
    case
        when cast({{ number }} as varchar) like '%e-%'
            then
                repeat('-', cast({{ number }} < 0 as integer))
                || '0.'
                || repeat(
                    '0',
                    cast(split_part(cast({{ number }} as varchar), 'e-', 2) as integer)
                    - 1
                )
                || regexp_replace(
                    split_part(cast({{ number }} as varchar), 'e-', 1), '[-.]', '', 'g'
                )
        when cast({{ number }} as varchar) like '%e+%'
            then
                repeat('-', cast({{ number }} < 0 as integer))
                || rpad(
                    regexp_replace(
                        split_part(cast({{ number }} as varchar), 'e+', 1),
                        '[-.]', '', 'g'
                    ),
                    cast(split_part(cast({{ number }} as varchar), 'e+', 2) as integer)
                    + 1,
                    '0'
                )
                || '.0'
        else cast({{ number }} as varchar)
    end
{%- endmacro %}
