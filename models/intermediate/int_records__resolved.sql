-- One row per record of all histories: the document that it becomes, or the reason that
-- rejects it. A document precedes those that name it, and else is in the files' order.
{{ config(materialized="replaced_view") }}
with records as (
    select * exclude (prompt, prompt_bytes, raw)
    from {{ ref("int_records__unioned") }}
),

classified as (select * from {{ ref("int_records__classified") }}),

keyed as (select * from {{ ref("int_records__keyed") }}),

parsed as (select * from {{ ref("int_records__parsed") }}),

links as (select * from {{ ref("int_records__linked") }}),

table_rows as (select * from {{ ref("int_table_rows__resolved") }}),

linked as (
    select
        links.record_number,
        links.role,
        links.position,
        coalesce(links.linked_doc_id, keyed.doc_id) as doc_id,
        coalesce(records.task_id, table_rows.task_id) as task_id,
        coalesce(
            links.fault,
            case
                when keyed.doc_id is null and links.linked_doc_id is null
                    then
                        links.words || ' has no document'
                        || ': ' || coalesce(
                            classified.detail,
                            'a record that it names has none, or it names itself '
                            || 'through others'
                        )
            end
        ) as fault
    from links
    left join keyed on links.linked_number = keyed.record_number
    left join records on links.linked_number = records.record_number
    left join classified on links.linked_number = classified.record_number
    left join table_rows on links.linked_doc_id = table_rows.doc_id
),

followed as (
    select
        record_number,
        min_by(role, position) as link_method,
        min_by(task_id, position) as parent_task_id,
        min_by(fault, position) as fault,
        case
            when count(*) > 1
                then
                    '["' || {{ joined_texts("doc_id", "'\",\"'", "position") }}
                    || '"]'
        end as targets
    from linked
    group by record_number
),

joined as (
    select
        records.*,
        classified.row_key,
        classified.reason as value_reason,
        records.fault is not null as is_unreadable,
        case
            when records.fault is null
                then records.source_csv || ':' || records.record_id
        end as record_key,
        classified.detail as value_detail,
        keyed.step,
        keyed.ready_at,
        keyed.logical_key_id,
        keyed.doc_id,
        keyed.parent_doc_id,
        followed.link_method,
        followed.parent_task_id,
        followed.fault as link_fault,
        followed.targets,
        case
            when records.parser is null then records.raw_chars
            else parsed.parsed_chars
        end as parsed_chars,
        parsed.parsed_text
    from records
    inner join classified on records.record_number = classified.record_number
    left join keyed on records.record_number = keyed.record_number
    left join followed on records.record_number = followed.record_number
    left join parsed on records.record_number = parsed.record_number
),

final as (
    select
        50000000000 + row_number() over (
            order by ready_at asc nulls last, step asc, record_number asc
        ) as write_order,
        record_number,
        record_key,
        source_csv,
        row_index,
        row_key,
        case when not is_unreadable then task_id end as task_id,
        case when not is_unreadable then combo_id end as combo_id,
        case when not is_unreadable then template_id end as template_id,
        model_id,
        timestamp_text,
        occurred_at,
        coalesce(
            value_reason,
            case
                when doc_id is not null then null
                when kind = 'judgement' then 'unresolved_target'
                else 'unresolved_parent'
            end
        ) as reason,
        coalesce(
            value_detail,
            case
                when doc_id is null
                    then
                        file || ', record ' || position || ': '
                        -- The file is said once.
                        || coalesce(
                            replace(link_fault, file || ', record ', 'record '),
                            'it names no target'
                        )
            end
        ) as detail,
        parser,
        prompt_hash,
        raw_bytes,
        raw_chars,
        content_hash,
        parsed_chars,
        parsed_text,
        stage,
        logical_key_id,
        doc_id,
        parent_doc_id,
        parent_task_id,
        link_method,
        targets,
        file,
        position,
        created_from,
        origin_run_id,
        coalesce(
            score,
            case
                when parser is not null then {{ parsed_score("parsed_text") }}
            end
        ) as score,
        score_text,
        meta
    from joined
)

select * from final
