{#-
    The document that each row looks for by name: among the documents of the name the
    latest one at or before the row, or the earliest if all are later. One pass per name
    finds both.

    Relations: `documents` (kind, name, occurred_at, source_csv, row_index, row_key) and
    `questions` (the same, and `preference`). The kind of a name is a task id or another
    id. If several questions of a row find a document, the one with the lowest
    preference counts. Columns: row_key, preference, kind, document_row_key.
-#}
{% macro found_documents(documents, questions) -%}
    (
        select
            row_key,
            preference,
            kind,
            document_row_key
        from (
            select
                followed.row_key,
                followed.preference,
                followed.kind,
                coalesce(followed.latest_row_key, earliest.row_key)
                    as document_row_key,
                row_number() over (
                    partition by followed.row_key
                    order by followed.preference
                ) as rank
            from (
                select
                    *,
                    last_value(document_row_key ignore nulls) over (
                        partition by kind, name
                        order by {{ stream_order() }}
                        rows between unbounded preceding and current row
                    ) as latest_row_key
                from (
                    select
                        *,
                        null as preference,
                        {{ turn() }} as turn,
                        row_key as document_row_key
                    from {{ documents }}
                    union all
                    select
                        *,
                        {{ turn() }} as turn,
                        cast(null as string) as document_row_key
                    from {{ questions }}
                )
            ) as followed
            left join (
                select
                    kind,
                    name,
                    row_key,
                    row_number() over (
                        partition by kind, name
                        order by occurred_at asc, {{ turn() }} desc, row_index desc
                    ) as rank
                from {{ documents }}
            ) as earliest
                on
                    followed.kind = earliest.kind
                    and followed.name = earliest.name
                    and earliest.rank = 1
            where
                followed.preference is not null
                and coalesce(followed.latest_row_key, earliest.row_key) is not null
        )
        where rank = 1
    )
{%- endmacro %}


{#-
    The questions of repairs: their value may be a name of any kind, and the first kind
    that finds a document counts.
-#}
{% macro questions_of_repairs(repairs, kinds) -%}
    {%- for kind in kinds %}
    select
        '{{ kind }}' as kind,
        value as name,
        occurred_at,
        source_csv,
        row_index,
        row_key,
        {{ loop.index }} as preference
    from {{ repairs }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{% macro documents_by_id(documents, repairs) -%}
    {%- for kind in ["row_key", "doc_id"] %}
    select
        '{{ kind }}' as kind,
        {{ kind }} as name,
        occurred_at,
        source_csv,
        row_index,
        row_key
    from {{ documents }}
    where {{ kind }} in (select value from {{ repairs }})
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
