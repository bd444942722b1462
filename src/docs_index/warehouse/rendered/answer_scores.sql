-- One row per evaluation of the table `answers`: its score, or the reason for none.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
-- A command that only reads a cohort runs it: it needs neither dbt nor a build.
with scored as (
    select
        *,
        case
        when regexp_full_match(trim(both chr(32) || chr(9) || chr(13) || chr(10) from parsed_text), '[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?')
            and abs(try_cast(trim(both chr(32) || chr(9) || chr(13) || chr(10) from parsed_text) as double)) <= 1e100
            then try_cast(trim(both chr(32) || chr(9) || chr(13) || chr(10) from parsed_text) as double)
    end as score
    from answers
),

final as (
    select
        gen_id,
        score,
        case
        when score is not null then null
        when has_parsed then 'not_a_number'
        when
            failure in ('truncated', 'filtered', 'refused', 'no_text', 'unreadable')
            then failure
        when is_truncated or finish_reason in ('length', 'max_tokens')
            then 'truncated'
        when answer_file = 'raw_response.json' then 'unreadable'
        when answer_file is not null then 'unparsed'
        else 'no_answer'
    end as error
    from scored
)

select * from final