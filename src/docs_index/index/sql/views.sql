-- Temporary views for readers of the index: they exist in one connection, and nothing
-- is written.

-- One row per logical key with a document that parsed: the latest of them, as in
-- documents_latest_report.csv.
create temp view if not exists latest_documents as
with ranked as (
    select
        *,
        row_number() over (
            partition by stage, logical_key_id
            order by
                created_at desc,
                json_extract(meta_small, '$.row_index') desc,
                json_extract(meta_small, '$.source_csv') asc,
                doc_id asc
        ) as recency
    from documents
    where status = 'ok'
)

select * from ranked
where recency = 1;

-- One row per stage, template and model. The template has a row with some model, and
-- the model with some template, in that stage of one source. Here a history is a
-- source, and the four tables are one. A judge of records that is no language model
-- cannot use another template: it is with its own only. A row without a document that
-- parsed is a gap.
create temp view if not exists coverage as
with made as (
    select
        case
            when json_extract(meta_small, '$.file') is not null
                then json_extract(meta_small, '$.source_csv')
        end as history,
        stage,
        template_id,
        model_id,
        count(*) as documents,
        sum(status != 'ok') as parse_errors
    from documents
    group by history, stage, template_id, model_id
),

stages_of_histories as (
    select
        history,
        min(stage) as stage
    from made
    where history is not null
    group by history
    having min(stage) = max(stage)
),

stages_of_templates as (
    select
        history,
        template_id,
        min(stage) as stage
    from made
    where history is not null
    group by history, template_id
    having min(stage) = max(stage)
),

rejected as (
    select
        case
            when
                bad_generations.source_csv
                not in ('draft', 'link', 'essay', 'evaluation')
                then bad_generations.source_csv
        end as history,
        -- A rejected record has no stage: it counts with the documents of its source
        -- and template, or else of its source; if it has none, under its source's name.
        coalesce(
            case bad_generations.source_csv when 'link' then 'draft' end,
            stages_of_templates.stage,
            stages_of_histories.stage,
            bad_generations.source_csv
        ) as stage,
        bad_generations.template_id,
        bad_generations.model_id
    from bad_generations
    left join stages_of_templates
        on
            bad_generations.source_csv = stages_of_templates.history
            and bad_generations.template_id = stages_of_templates.template_id
    left join stages_of_histories
        on bad_generations.source_csv = stages_of_histories.history
    where
        bad_generations.template_id is not null
        and bad_generations.model_id is not null
),

counted as (
    select
        history,
        stage,
        template_id,
        model_id,
        documents,
        parse_errors,
        0 as bad_rows
    from made
    union all
    select
        history,
        stage,
        template_id,
        model_id,
        0 as documents,
        0 as parse_errors,
        count(*) as bad_rows
    from rejected
    group by history, stage, template_id, model_id
),

crossed as (
    select distinct
        coalesce(history, '') as source,
        stage,
        template_id,
        model_id
    from counted
    where
        history is null
        or not (model_id glob 'code:*' or model_id glob 'human:*')
),

templates as (
    select distinct
        source,
        stage,
        template_id
    from crossed
),

models as (
    select distinct
        source,
        stage,
        model_id
    from crossed
),

cells as (
    select
        templates.stage,
        templates.template_id,
        models.model_id
    from templates
    inner join models
        on
            templates.source = models.source
            and templates.stage = models.stage
    union
    select
        stage,
        template_id,
        model_id
    from counted
),

totals as (
    select
        cells.stage,
        cells.template_id,
        cells.model_id,
        coalesce(sum(counted.documents), 0) as documents,
        coalesce(sum(counted.parse_errors), 0) as parse_errors,
        coalesce(sum(counted.bad_rows), 0) as bad_rows
    from cells
    left join counted
        on
            cells.stage = counted.stage
            and cells.template_id = counted.template_id
            and cells.model_id = counted.model_id
    group by cells.stage, cells.template_id, cells.model_id
)

select
    *,
    documents = parse_errors as is_gap
from totals;

-- One row per source row, with what became of it: a document, a rejected row, or a
-- conflict. Of a conflict only the row_key and the streams are known.
create temp view if not exists source_rows as
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
    file,
    position,
    reason,
    detail,
    moment
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
        coalesce(
            json_extract(meta_small, '$.response_file'),
            json_extract(meta_small, '$.file')
        ) as response_file,
        run_id,
        doc_id,
        logical_key_id,
        status,
        parent_doc_id,
        json_extract(meta_small, '$.link_method') as link_method,
        json_extract(meta_small, '$.repair') as repair,
        json_extract(meta_small, '$.file') as file,  -- noqa: RF04
        json_extract(meta_small, '$.position') as position,
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
        null as file,  -- noqa: RF04
        null as position,
        reason,
        detail,
        -- An attempt has its instant in its row_key.
        coalesce(
            case
                when source_csv in ('draft', 'link', 'essay', 'evaluation')
                    then substr(row_key, length(source_csv) + length(task_id) + 3, 27)
            end,
            timestamp
        ) as moment
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
        null as file,  -- noqa: RF04
        null as position,
        backfill_conflicts.kind as reason,
        backfill_conflicts.detail,
        link_candidates.created_at as moment
    from backfill_conflicts
    left join link_candidates on backfill_conflicts.doc_id = link_candidates.doc_id
) as source_rows;
