{% macro refuse_unknown_parsers() %}
    {% set message %}
                    {{ joined_texts("message", "chr(10)", "message") }}
                    || chr(10)
                    || 'name a built-in parser, one of 1_raw/parsers.csv, or none'
    {% endset %}
    select
        case
            when count(*) > 0 then {{ stopped(message) }}
        end
    from (
        select distinct
            '1_raw/' || templates.source_csv || '_templates.csv: template "'
            || {{ printable("templates.template_id") }} || '" names parser "'
            || {{ printable("templates.parser") }}
            || '", which is not known' as message
        from {{ ref("int_templates__parsers") }} as templates
        inner join {{ ref("int_rows__repaired") }} as attempts
            on
                templates.source_csv = attempts.source_csv
                and templates.template_id = attempts.template_id
        left join
            {{ known_parsers(ref("parsers"), ref("int_parsers__judged")) }} as known
            on templates.parser = known.parser
        where attempts.reason is null and known.parser is null
    )
{% endmacro %}
