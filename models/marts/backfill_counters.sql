-- One row per counter of the build. Histories have counters of their own, if there are
-- any: the records of each source, and the documents of all.
with resolved as (select * from {{ ref("int_rows__resolved") }}),

sources as (
    {{ of_histories("stg_histories__sources", {"source_csv": "string"}) }}
),

final as (
    {%- set drafts = "source_csv in (" ~ sources_of("draft") ~ ")" %}
    {%- for counter, condition in [
        ("draft_ok", drafts ~ " and reason is null"),
        ("draft_missing_response", drafts ~ " and reason = 'missing_response_file'"),
        ("essay_parent_resolved", "source_csv = 'essay' and reason is null"),
        (
            "essay_unresolved_parent",
            "source_csv = 'essay' and reason = 'unresolved_parent'",
        ),
        ("eval_resolved", "source_csv = 'evaluation' and reason is null"),
        (
            "eval_unresolved_target",
            "source_csv = 'evaluation' and reason = 'unresolved_target'",
        ),
        ("bad_generations", "reason is not null"),
        ("rows_draft", "source_csv = 'draft'"),
        ("rows_link", "source_csv = 'link'"),
        ("rows_essay", "source_csv = 'essay'"),
        ("rows_evaluation", "source_csv = 'evaluation'"),
    ] %}
    select
        '{{ counter }}' as counter,
        count(*) as value
    from resolved
    where {{ condition }}
    union all
    {%- endfor %}
    select
        'rows_' || sources.source_csv as counter,
        count(resolved.source_csv) as value
    from sources
    left join resolved on sources.source_csv = resolved.source_csv
    group by sources.source_csv
    union all
    select
        'history_ok' as counter,
        count(resolved.doc_id) as value
    from sources
    left join resolved on sources.source_csv = resolved.source_csv
    having count(*) > 0
)

select * from final
