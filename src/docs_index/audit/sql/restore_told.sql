-- The metadata.json of every document as its row tells it, in a schema of its own. The
-- statement that computes ids and texts from metadata.json runs there on rows.
-- A negative zero, which only the file can have, stays.
create schema told;

create table told.metadata_texts as
select
    doc_dir,
    rtrim(cast(to_json(columns_of_row) as varchar), '}') || ','
    || substr(meta_small, 2) as metadata_text
from (
    select
        doc_dir,
        meta_small,
        {
            content_hash: content_hash,
            created_at: created_at,
            doc_dir: doc_dir,
            doc_id: doc_id,
            logical_key_id: logical_key_id,
            model_id: model_id,
            parent_doc_id: parent_doc_id,
            parsed_chars: parsed_chars,
            parser: parser,
            raw_bytes: raw_bytes,
            raw_chars: raw_chars,
            run_id: run_id,
            score: case
                when in_file = try_cast(score as double) then in_file
                else try_cast(score as double)
            end,
            stage: stage,
            status: status,
            task_id: task_id,
            template_id: template_id
        } as columns_of_row
    from (
        select
            documents.*,
            recorded.score as in_file
        from documents
        left join recorded on documents.doc_dir = recorded.found_dir
    ) as with_files
) as packed;

set schema = 'told';
