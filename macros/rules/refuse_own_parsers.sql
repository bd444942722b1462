{#- Stop with an error that lists the rows of 1_raw/parsers.csv that have faults. -#}
{% macro refuse_own_parsers(relation) %}
    select {{ stopped("refusal") }}
    from (select {{ parser_refusal() }} as refusal from {{ ref(relation) }})
    where refusal is not null
{% endmacro %}


{#- The parsers that a template may name; a faulty own parser is refused elsewhere. -#}
{% macro known_parsers(built_in, own) -%}
    (
        select parser from {{ built_in }}
        union
        select parser from {{ own }} where parser is not null
    )
{%- endmacro %}
