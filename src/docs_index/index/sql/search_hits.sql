-- Documents that hold all words and fit the filters, the best first. A filter that is
-- null lets everything pass. Where no word is in the text, the excerpt is the task id.
select
    documents.doc_id,
    documents.logical_key_id,
    documents.stage,
    documents.task_id,
    documents.parent_doc_id,
    documents.template_id,
    documents.model_id,
    documents.run_id,
    documents.row_key,
    documents.parser,
    documents.status,
    documents.created_at,
    documents.doc_dir,
    documents.raw_bytes,
    documents.raw_chars,
    documents.parsed_chars,
    documents.content_hash,
    documents.score,
    documents.meta_small,
    -bm25(texts.texts) as rank,
    case
        when instr(snippet(texts.texts, 2, :found, :end, '…', 24), :found) > 0
            then snippet(texts.texts, 2, :found, :end, '…', 24)
        else 'task id: ' || snippet(texts.texts, 1, :found, :end, '…', 24)
    end as excerpt
from texts
inner join stored.documents as documents on texts.doc_id = documents.doc_id
where
    texts.texts match :words
    and (:stage is null or documents.stage glob :stage)
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
order by bm25(texts.texts) asc, documents.created_at desc, documents.doc_id asc
limit :limit
