{#-
    The candidate that each row looks for by name: among those of the name the latest
    one at or before the row, or the earliest if all are later. One pass per name finds
    both.

    Relations: `candidates` (kind, name, occurred_at, source_csv, row_index, row_key) and
    `questions` (the same, and `preference`). The kind says what the name is and what it
    may find: candidates of another kind are not found. If several questions of a row
    find a candidate, the one with the lowest preference counts. Columns: row_key,
    preference, kind, found_row_key.
-#}
{% macro found_by_name(candidates, questions) -%}
    (
        select
            row_key,
            preference,
            kind,
            found_row_key
        from (
            select
                followed.row_key,
                followed.preference,
                followed.kind,
                coalesce(followed.latest_row_key, earliest.row_key)
                    as found_row_key,
                row_number() over (
                    partition by followed.row_key
                    order by followed.preference
                ) as rank
            from (
                select
                    *,
                    {{ last_known("candidate_row_key") }} over (
                        partition by kind, name
                        order by {{ stream_order() }}
                        rows between unbounded preceding and current row
                    ) as latest_row_key
                from (
                    select
                        *,
                        cast(null as integer) as preference,
                        {{ turn() }} as turn,
                        row_key as candidate_row_key
                    from {{ candidates }}
                    union all
                    select
                        *,
                        {{ turn() }} as turn,
                        cast(null as string) as candidate_row_key
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
                from {{ candidates }}
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


{#-
    The documents that repairs name, by row_key, doc_id, and the task id of their stage.
-#}
{% macro documents_named(documents, stage, repairs) -%}
    {%- for kind, name in [
        ("row_key", "row_key"), ("doc_id", "doc_id"), (stage ~ "_task", "task_id"),
    ] %}
    select
        '{{ kind }}' as kind,
        {{ name }} as name,
        occurred_at,
        source_csv,
        row_index,
        row_key
    from {{ documents }}
    where {{ name }} in (select value from {{ repairs }})
    {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
