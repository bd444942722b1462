{% macro spark__normalized_path(path) -%}
    array_join(
        aggregate(
            filter(split({{ path }}, '/'), part -> part not in ('', '.')),
            cast(array() as array<string>),
            (parts, part) -> case
                when
                    part = '..'
                    and size(parts) > 0
                    and coalesce(get(parts, size(parts) - 1), '..') != '..'
                    then slice(parts, 1, size(parts) - 1)
                else concat(parts, array(part))
            end
        ),
        '/'
    )
{%- endmacro %}
