-- One row per notice: what changed in the tables after a document was made.
-- A document is new if this run makes it, or a killed one that this run completes.
with known as (select * from {{ source("run", "known_documents") }}),

known_rows as (select * from {{ ref("known_rows") }}),

built as (select * from {{ ref("int_rows__resolved") }}),

pending as (select * from {{ ref("pending") }}),

new_documents as (
    select
        known.doc_id,
        known.stage,
        known.task_id,
        known.content_hash,
        known.source_csv,
        known.row_key,
        built.link_method
    from known
    left join built on known.doc_id = built.doc_id
    where known.is_new
    union all
    select
        pending.doc_id,
        pending.stage,
        pending.task_id,
        pending.content_hash,
        built.source_csv,
        built.row_key,
        built.link_method
    from pending
    inner join built on pending.write_order = built.write_order
),

old_texts as (
    select
        stage,
        task_id,
        content_hash,
        min(doc_id) as doc_id
    from known
    where not is_new
    group by stage, task_id, content_hash
),

noticed as (
    select
        'row_changed' as kind,
        source_csv,
        row_key,
        doc_id,
        case
            when record_today is not null
                then
                    record_today
                    || ' has another text than the document was made from'
            when is_of_another_file
                then
                    'row ' || row_index_today || ' names '
                    || coalesce(response_file_today, 'no response file')
                    || '; the document was made from ' || response_file
            else
                'the content of ' || response_file
                || ' has changed since the document was made'
        end as detail
    from known_rows
    where not is_vanished and (is_of_another_file or is_other_content)
    union all
    select
        'row_now_bad' as kind,
        source_csv,
        row_key,
        doc_id,
        reason || ': '
        || case
            when record_today is null then 'row ' || row_index_today || ': ' else ''
        end || detail as detail
    from known_rows
    where reason is not null
    union all
    select
        'row_vanished' as kind,
        source_csv,
        row_key,
        doc_id,
        'no row has this row_key now' as detail
    from known_rows
    where is_vanished
    union all
    select
        'same_text_again' as kind,
        new_documents.source_csv,
        new_documents.row_key,
        new_documents.doc_id,
        'it has the same text as ' || old_texts.doc_id
        || ', an older document of the same task' as detail
    from new_documents
    inner join old_texts
        on
            new_documents.stage = old_texts.stage
            and new_documents.task_id = old_texts.task_id
            and new_documents.content_hash = old_texts.content_hash
    -- Many judgements of a history are a score or a word, and alike by chance. No
    -- evaluation of a table has this link method.
    where (new_documents.link_method is distinct from 'target')
),

final as (
    select
        kind,
        {{ sql_text(run_id()) }} as run_id,
        source_csv,
        row_key,
        doc_id,
        detail
    from noticed
)

select * from final
