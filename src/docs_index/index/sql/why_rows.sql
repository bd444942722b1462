-- What became of source rows: documents, rows that were not ingested, and conflicts.
-- A conflict's row is known by its row_key alone, and by its streams.
select
    fate,
    source_csv,
    row_index,
    row_key,
    stage,
    task_id,
    combo_id,
    template_id,
    model_id,
    timestamp,
    response_file,
    run_id,
    doc_id,
    logical_key_id,
    status,
    parent_doc_id,
    link_method,
    repair,
    reason,
    detail
from (
    select
        'document' as fate,
        json_extract(meta_small, '$.source_csv') as source_csv,
        json_extract(meta_small, '$.row_index') as row_index,
        row_key,
        stage,
        task_id,
        json_extract(meta_small, '$.combo_id') as combo_id,
        template_id,
        model_id,
        json_extract(meta_small, '$.timestamp') as timestamp,
        json_extract(meta_small, '$.response_file') as response_file,
        run_id,
        doc_id,
        logical_key_id,
        status,
        parent_doc_id,
        json_extract(meta_small, '$.link_method') as link_method,
        json_extract(meta_small, '$.repair') as repair,
        null as reason,
        null as detail,
        created_at as moment
    from documents
    union all
    select
        'bad_row' as fate,
        source_csv,
        row_index,
        row_key,
        case source_csv when 'link' then 'draft' else source_csv end as stage,
        task_id,
        combo_id,
        template_id,
        model_id,
        timestamp,
        response_file,
        run_id,
        null as doc_id,
        logical_key_id,
        null as status,
        null as parent_doc_id,
        null as link_method,
        null as repair,
        reason,
        detail,
        timestamp as moment
    from bad_generations
    union all
    select
        'conflict' as fate,
        substr(
            backfill_conflicts.row_key,
            1,
            instr(backfill_conflicts.row_key, ':') - 1
        ) as source_csv,
        link_candidates.row_index,
        backfill_conflicts.row_key,
        null as stage,
        null as task_id,
        null as combo_id,
        null as template_id,
        null as model_id,
        null as timestamp,
        null as response_file,
        backfill_conflicts.run_id,
        backfill_conflicts.doc_id,
        null as logical_key_id,
        null as status,
        null as parent_doc_id,
        null as link_method,
        null as repair,
        backfill_conflicts.kind as reason,
        backfill_conflicts.detail,
        link_candidates.created_at as moment
    from backfill_conflicts
    left join link_candidates on backfill_conflicts.doc_id = link_candidates.doc_id
) as source_rows
where {condition}
order by moment desc, row_index desc, source_csv, doc_id
