{#- Stop with the files of tools that no model knows: the first five. -#}
{% macro refuse_unknown_files() %}
    {% set message %}
                    'histories.yml: files of tools that cannot be read' || chr(10)
                    || {{ joined_texts(
                        "case when rank <= 5 then '  ' || words end", "chr(10)", "rank"
                    ) }}
                    || case
                        when count(*) > 5
                            then chr(10) || '  ... and ' || (count(*) - 5) || ' more'
                        else ''
                    end
                    || chr(10)
                    || 'correct `files` or `tool`, or read them by a mapping '
                    || '(docs/histories.md); nothing was written'
    {% endset %}
    select
        case
            when count(*) > 0 then {{ stopped(message) }}
        end
    from (
        select
            file || ' (' || source_csv || ', tool ' || tool || '): ' || detail as words,
            row_number() over (order by source_csv, file, detail) as rank
        from {{ this }}
    )
{% endmacro %}
