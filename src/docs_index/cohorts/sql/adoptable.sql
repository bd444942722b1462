-- One row per chosen document (SQLite, on the index): the essay that it becomes, that
-- essay's draft, or the fault that keeps it out. A filter that is null lets everything
-- pass.
with chosen as (
    select
        documents.rowid as place,
        documents.doc_id,
        documents.stage,
        documents.template_id,
        documents.model_id,
        documents.status,
        coalesce(
            nullif(json_extract(documents.meta_small, '$.combo_id'), ''),
            documents.task_id
        ) as combo_id
    from documents
    where
        (:stage is null or documents.stage glob :stage)
        and (:task_id is null or documents.task_id glob :task_id)
        and (:template_id is null or documents.template_id glob :template_id)
        and (:model_id is null or documents.model_id glob :model_id)
        and (:status is null or documents.status glob :status)
        and (:run_id is null or documents.run_id glob :run_id)
        and (:since is null or documents.created_at >= :since)
        and (:until is null or documents.created_at < :until || char(127))
        and (not :latest or documents.doc_id in (
            select latest.doc_id from latest_documents as latest
        ))
        and (:doc_ids is null or documents.doc_id in (
            select ids.value from json_each(:doc_ids) as ids
        ))
),

-- Every text is a generation that is no judgement of another one.
targeted as (
    select
        chosen.*,
        chosen.doc_id in (
            select document_links.doc_id from document_links
            where document_links.role = 'target'
        ) as is_judgement
    from chosen
),

-- The draft of an essay is the document that it follows, if both are of one combo.
-- Otherwise the document is its own draft: a cohort takes the combo from the draft.
with_drafts as (
    select
        targeted.*,
        coalesce(followed.doc_id, targeted.doc_id) as draft_doc_id,
        coalesce(followed.template_id, targeted.template_id) as draft_template_id,
        coalesce(followed.model_id, targeted.model_id) as draft_model_id
    from targeted
    left join document_links as links
        on
            targeted.doc_id = links.doc_id
            and links.role = 'follows'
            and links.position = 1
    left join documents as followed
        on
            links.linked_doc_id = followed.doc_id
            and targeted.combo_id = coalesce(
                nullif(json_extract(followed.meta_small, '$.combo_id'), ''),
                followed.task_id
            )
),

described as (
    select
        *,
        'x_' || doc_id as essay_id,
        'x_' || draft_doc_id as draft_id,
        '{' || char(10)
        || '  "combo_id": ' || json_quote(combo_id) || ',' || char(10)
        || '  "gen_id": ' || json_quote('x_' || doc_id) || ',' || char(10)
        || '  "llm_model_id": ' || json_quote(model_id) || ',' || char(10)
        || '  "mode": "adopted",' || char(10)
        || '  "origin_doc_id": ' || json_quote(doc_id) || ',' || char(10)
        || '  "parent_gen_id": ' || json_quote('x_' || draft_doc_id) || ',' || char(10)
        || '  "stage": "essay",' || char(10)
        || '  "template_id": ' || json_quote(template_id) || char(10)
        || '}' || char(10) as essay_metadata,
        '{' || char(10)
        || '  "combo_id": ' || json_quote(combo_id) || ',' || char(10)
        || '  "gen_id": ' || json_quote('x_' || draft_doc_id) || ',' || char(10)
        || '  "llm_model_id": ' || json_quote(draft_model_id) || ',' || char(10)
        || '  "mode": "adopted",' || char(10)
        || '  "origin_doc_id": ' || json_quote(draft_doc_id) || ',' || char(10)
        || '  "stage": "draft",' || char(10)
        || '  "template_id": ' || json_quote(draft_template_id) || char(10)
        || '}' || char(10) as draft_metadata
    from with_drafts
)

select
    doc_id,
    case
        when is_judgement then 'judgement'
        when status != 'ok' then 'parse_error'
        -- The generation store reads no metadata.json of more than 1 MiB, and no NUL.
        when
            length(cast(essay_metadata as blob)) > 1048576
            or length(cast(draft_metadata as blob)) > 1048576
            or instr(
                combo_id || template_id || model_id
                || draft_template_id || draft_model_id,
                char(0)
            ) > 0
            then 'unusable_ids'
    end as fault,
    essay_id,
    essay_metadata,
    draft_id,
    draft_metadata
from described
order by place
