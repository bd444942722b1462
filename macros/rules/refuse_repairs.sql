{#-
    Stop with an error that lists the repairs with a fault: the first five, and the
    number of the others. The relation has `repair_index`, `words` and `fault`.
-#}
{% macro refuse_repairs(relation) %}
    {% set listed = joined_texts(
        "case when rank <= 5 then '  ' || words || ': ' || fault end",
        "chr(10)", "repair_index"
    ) %}
    {% set message %}
                    '7_cross_experiment/generation_repairs.csv: repairs that cannot be '
                    || 'applied' || chr(10)
                    || {{ listed }}
                    || case
                        when count(*) > 5
                            then chr(10) || '  ... and ' || (count(*) - 5) || ' more'
                        else ''
                    end
                    || chr(10)
                    || 'mend these rows of the file, or take them out, then run '
                    || '`dbt build` again'
    {% endset %}
    select
        case
            when count(*) > 0 then {{ stopped(message) }}
        end
    from (
        select
            *,
            row_number() over (order by repair_index) as rank
        from {{ ref(relation) }}
        where fault is not null
    )
{% endmacro %}
