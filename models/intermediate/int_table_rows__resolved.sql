-- One row per row of the four tables: the document that it becomes, or the reason that
-- rejects it. The build stops here if a repair cannot be applied because of files or
-- documents. A view: int_rows__resolved, and the links of histories, read it.
-- depends_on: {{ ref("int_repairs__refused") }}
{{ config(
    materialized="replaced_view", pre_hook="{{ refuse_repairs('int_repairs__refused') }}"
) }}
with source_rows as (select * from {{ ref("int_rows__repaired") }}),

attempts as (select * from {{ ref("int_attempts__answered") }}),

drafts as (select * from {{ ref("int_drafts__keyed") }}),

essays as (select * from {{ ref("int_essays__resolved") }}),

evaluations as (select * from {{ ref("int_evaluations__resolved") }}),

keyed as (
    select
        row_key,
        stage,
        logical_key_id,
        doc_id,
        cast(null as string) as parent_doc_id,
        cast(null as string) as parent_task_id,
        cast(null as string) as link_method,
        cast(null as string) as orphan_detail
    from drafts
    {%- for relation in ["essays", "evaluations"] %}
    union all
    select
        row_key,
        stage,
        logical_key_id,
        doc_id,
        parent_doc_id,
        parent_task_id,
        link_method,
        orphan_detail
    from {{ relation }}
    {%- endfor %}
),

joined as (
    select
        source_rows.source_csv,
        source_rows.row_index,
        source_rows.row_key,
        source_rows.task_id,
        source_rows.combo_id,
        source_rows.template_id,
        source_rows.model_id,
        source_rows.timestamp_text,
        source_rows.occurred_at,
        source_rows.response_file,
        source_rows.repair,
        case
            when source_rows.reason is not null then source_rows.reason
            when attempts.cause is not null then 'missing_response_file'
            when keyed.doc_id is not null then null
            when source_rows.source_csv = 'essay' then 'unresolved_parent'
            when source_rows.source_csv = 'evaluation' then 'unresolved_target'
        end as reason,
        coalesce(source_rows.detail, attempts.cause, keyed.orphan_detail)
        -- Null for a table of one file, and then row_index is enough.
        || coalesce(' (' || source_rows.row_place || ')', '') as detail,
        attempts.parser,
        attempts.folder,
        attempts.prompt_file,
        attempts.prompt_hash,
        attempts.raw_bytes,
        attempts.raw_chars,
        attempts.content_hash,
        attempts.parsed_chars,
        attempts.parsed_from,
        attempts.parsed_bytes,
        attempts.parsed_text,
        keyed.stage,
        keyed.logical_key_id,
        keyed.doc_id,
        keyed.parent_doc_id,
        keyed.parent_task_id,
        keyed.link_method
    from source_rows
    left join attempts on source_rows.row_key = attempts.row_key
    left join keyed on source_rows.row_key = keyed.row_key
),

described as (
    select
        *,
        case
            when source_csv = 'evaluation' and parser is not null
                then {{ parsed_score("parsed_text") }}
        end as score,
        -- Parents precede their descendants.
        {{ source_order() }} * 10000000000 + row_index as write_order
    from joined
),

final as (
    select
        write_order,
        source_csv,
        row_index,
        row_key,
        task_id,
        combo_id,
        template_id,
        model_id,
        timestamp_text,
        occurred_at,
        response_file,
        repair,
        reason,
        detail,
        parser,
        folder,
        prompt_file,
        prompt_hash,
        raw_bytes,
        raw_chars,
        content_hash,
        parsed_chars,
        parsed_from,
        parsed_bytes,
        parsed_text,
        stage,
        logical_key_id,
        doc_id,
        parent_doc_id,
        parent_task_id,
        link_method,
        score
    from described
)

select * from final
