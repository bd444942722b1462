{% macro normalized_path(path) -%}
    {{ adapter.dispatch("normalized_path")(path) }}
{%- endmacro %}


{% macro default__normalized_path(path) -%}
    array_to_string(
        list_reduce(
            list_transform(
                list_filter(
                    string_split({{ path }}, '/'), lambda part: part not in ('', '.')
                ),
                lambda part: [part]
            ),
            lambda parts, part: case
                when part = ['..'] and coalesce(parts[-1], '..') != '..' then parts[:-2]
                else parts || part
            end,
            cast([] as varchar [])
        ),
        '/'
    )
{%- endmacro %}
