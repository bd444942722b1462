-- One row per line of the selection file, with what it means.
with source_rows as (select * from {{ source('cohort_inputs', 'selection_lines') }}),

trimmed_lines as (
    select
        line_number,
        {{ trimmed("line") }} as line
    from source_rows
),

-- What follows `#`, in one spelling.
commented as (
    select
        *,
        {{ trimmed("replace(lower(substr(line, 2)), '_', '-')") }} as words
    from trimmed_lines
),

final as (
    select
        line_number,
        line,
        case
            when line = '' then 'blank'
            when not starts_with(line, '#') then 'essay'
            when
                regexp_full_match(
                    words,
                    'mode[ \t]*:[ \t]*(evaluations?-only|reuse-essays)'
                )
                then 'mode'
            when regexp_full_match(words, 'mode[ \t]*:(?s:.*)') then 'unknown mode'
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
                regexp_matches(
                    words, '^[# \t]*(mode|include|skip|fill|backfill)($|[^a-z0-9])'
                )
                then 'misspelt'
            else 'comment'
        end as kind
    from commented
)

select * from final
