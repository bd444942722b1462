-- Fails when an essay with several drafts or links to choose from is not in
-- link_candidates, or not together with all of them, and when a stream is there that
-- has nothing to choose. `docs-index why` would leave candidates out.
-- Does not check the streams of evaluations; a unit test does.
{{ config(meta={"dagster": {"ref": {"name": "link_candidates"}}}) }}
with resolved as (select * from {{ ref("int_rows__resolved") }}),

link_candidates as (select * from {{ ref("link_candidates") }}),

attempts as (
    select *
    from resolved
    where
        row_key is not null
        and source_csv != 'evaluation'
        and reason is distinct from 'ignored'
        and not contains(coalesce(repair, ''), '"action":"set_parent"')
),

expected as (
    select
        combo_id,
        model_id,
        count(*) filter (where source_csv != 'essay') as candidates,
        count(*) filter (where source_csv = 'essay') as questions
    from attempts
    group by combo_id, model_id
    having candidates > 1 and questions > 0
),

streams as (
    select
        stream,
        count(*) filter (where role = 'candidate') as candidates,
        count(*) filter (where role = 'question') as questions,
        count(*) as attempts,
        max(place) as last_place,
        bool_or(role = 'candidate' and doc_id is null) as has_lost_one,
        bool_or(role = 'question' and chosen_place is null) as has_unanswered
    from link_candidates
    group by stream
),

found as (
    select distinct
        attempts.combo_id,
        attempts.model_id,
        streams.candidates,
        streams.questions
    from link_candidates
    inner join streams on link_candidates.stream = streams.stream
    inner join attempts
        on
            link_candidates.source_csv = attempts.source_csv
            and link_candidates.row_index = attempts.row_index
    where link_candidates.link_method = 'timestamp_join'
)

select
    expected.combo_id,
    expected.model_id,
    expected.candidates,
    expected.questions
from expected
left join found
    on
        expected.combo_id = found.combo_id
        and expected.model_id = found.model_id
        and expected.candidates = found.candidates
        and expected.questions = found.questions
where found.combo_id is null
union all
select
    null as combo_id,
    null as model_id,
    candidates,
    questions
from streams
where
    candidates = 0
    or questions = 0
    or last_place != attempts
    or (candidates = 1 and not has_lost_one and not has_unanswered)
