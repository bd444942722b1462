-- One row per line of the selection file, with what it means.
with source_rows as (select * from {{ source('cohort_inputs', 'selection_lines') }}),

trimmed_lines as (
    select
        line_number,
        {{ trimmed("line_text") }} as line_text
    from source_rows
),

-- The text after `#`, with one spelling for each directive.
commented as (
    select
        *,
        {{ trimmed("replace(lower(substr(line_text, 2)), '_', '-')") }} as words
    from trimmed_lines
),

classified as (
    select
        line_number,
        line_text,
        case
            when line_text = '' then 'blank'
            when not starts_with(line_text, '#') then 'essay'
            when
                {{ matches(
                    "words", "'mode[ \\t]*:[ \\t]*(evaluations?-only|reuse-essays)'"
                ) }}
                then 'mode'
            when {{ matches("words", "'mode[ \\t]*:(?s:.*)'") }} then 'unknown mode'
            when {{ matches("words", "'templates[ \\t]*:(?s:.*)'") }} then 'templates'
            when {{ matches("words", "'models[ \\t]*:(?s:.*)'") }} then 'models'
            when
                words in (
                    'include-existing-evaluations',
                    'backfill-mode',
                    'fill-up',
                    'fillup',
                    'skip-existing-evaluations'
                )
                then 'include'
            when
                {{ has_match(
                    "words",
                    "'^[# \\t]*(mode|include|skip|fill|backfill|templates?|models?)'"
                    ~ " || '($|[^a-z0-9])'"
                ) }}
                then 'misspelt'
            else 'comment'
        end as kind
    from commented
),

final as (
    select
        line_number,
        line_text,
        kind,
        case
            when kind in ('templates', 'models')
                then substr(line_text, strpos(line_text, ':') + 1)
        end as names_text
    from classified
)

select * from final
