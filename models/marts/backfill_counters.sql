-- One row per counter of the build.
with resolved as (select * from {{ ref("int_rows__resolved") }}),

final as (
    {%- set drafts = "source_csv in (" ~ sources_of("draft") ~ ")" %}
    {%- for counter, condition in [
        ("draft_ok", drafts ~ " and reason is null"),
        ("draft_missing_response", drafts ~ " and reason = 'missing_response_file'"),
        ("essay_parent_resolved", "source_csv = 'essay' and reason is null"),
        ("essay_unresolved_parent", "reason = 'unresolved_parent'"),
        ("eval_resolved", "source_csv = 'evaluation' and reason is null"),
        ("eval_unresolved_target", "reason = 'unresolved_target'"),
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
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select * from final
