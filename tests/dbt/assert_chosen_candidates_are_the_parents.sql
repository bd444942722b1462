-- Fails when a question of link_candidates chose another candidate than the parent that
-- its document has, or one without a document although it is a document itself. What
-- `docs-index why` says would not be what happened.
-- Does not check that the choice is right; the unit tests of the joins do.
{{ config(meta={"dagster": {"ref": {"name": "link_candidates"}}}) }}
with link_candidates as (select * from {{ ref("link_candidates") }}),

documents as (select * from {{ ref("documents") }}),

questions as (
    select *
    from link_candidates
    where role = 'question'
),

answers as (
    select
        questions.source_csv,
        questions.row_index,
        questions.doc_id,
        chosen.doc_id as chosen_doc_id
    from questions
    inner join link_candidates as chosen
        on
            questions.stream = chosen.stream
            and questions.chosen_place = chosen.place
            and chosen.role = 'candidate'
)

select
    answers.source_csv,
    answers.row_index,
    answers.chosen_doc_id,
    documents.parent_doc_id
from answers
inner join documents on answers.doc_id = documents.doc_id
where answers.chosen_doc_id is distinct from documents.parent_doc_id
union all
select
    questions.source_csv,
    questions.row_index,
    null as chosen_doc_id,
    null as parent_doc_id
from questions
left join answers
    on
        questions.source_csv = answers.source_csv
        and questions.row_index = answers.row_index
where
    (questions.chosen_place is not null and answers.row_index is null)
    or (questions.doc_id is not null and answers.row_index is null)
