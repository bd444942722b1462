-- One row per record of all histories, with the first reason that its own values give.
-- A record without one is an attempt, and has a row_key.
{% set compared_values = [
    "kind", "task_id", "combo_id", "template_id", "model_id", "occurred_at",
    "created_from", "prompt_hash", "has_response", "content_hash", "score",
    "score_text", "links", "meta",
] %}
{# The file is in the detail already, if it is the same. #}
{% set earlier_place -%}
    case
        when earlier.file = reasoned.file then 'record ' || earlier.position
        else earlier.file || ', record ' || earlier.position
    end
{%- endset %}
with records as (select * from {{ ref("int_records__unioned") }}),

checked as (
    select
        record_number,
        source_csv,
        row_index,
        file,
        position,
        record_id,
        model_id,
        status,
        timestamp_text,
        content_hash is null as has_no_text,
        fault,
        case
            when fault is not null then 'unreadable_record'
            when model_id is null then 'missing_key_columns'
            when (status is distinct from 'success') then 'not_successful'
            when timestamp_text is not null and occurred_at is null
                then 'invalid_timestamp'
        end as value_reason
    from records
),

-- Only records that passed so far can repeat one another: a call that failed may be
-- asked again under its id. A record whose id is the only one, as nearly all are, is
-- not compared.
crowded as (
    select record_number
    from checked
    where value_reason is null
    qualify count(*) over (partition by source_csv, record_id) > 1
),

repeating as (
    select
        record_number,
        source_csv,
        record_id,
        {{ sha256_hex(values_text(compared_values)) }} as values_hash
    from records
    where record_number in (select crowded.record_number from crowded)
),

compared as (
    select
        record_number,
        min(record_number) over (
            partition by source_csv, record_id
        ) as first_of_id,
        min(record_number) over (
            partition by source_csv, record_id, values_hash
        ) as first_of_values
    from repeating
),

reasoned as (
    select
        checked.*,
        case
            when compared.record_number > compared.first_of_values
                then compared.first_of_values
            when compared.record_number > compared.first_of_id
                then compared.first_of_id
        end as earlier_number,
        case
            when checked.value_reason is not null then checked.value_reason
            when compared.record_number > compared.first_of_values
                then 'duplicate_row'
            when compared.record_number > compared.first_of_id
                then 'conflicting_record'
            when checked.has_no_text then 'no_text'
        end as reason
    from checked
    left join compared on checked.record_number = compared.record_number
),

final as (
    select
        reasoned.record_number,
        reasoned.source_csv,
        reasoned.row_index,
        reasoned.record_id,
        case
            when reasoned.reason is null
                then reasoned.source_csv || ':' || reasoned.record_id
        end as row_key,
        reasoned.reason,
        reasoned.file || ', record ' || reasoned.position || ': '
        || case reasoned.reason
            when 'unreadable_record' then reasoned.fault
            when 'missing_key_columns' then 'blank: model_id'
            when 'not_successful'
                then
                    coalesce(
                        'the status is "' || reasoned.status || '"',
                        'the status is blank'
                    )
            when 'invalid_timestamp'
                then
                    'the time is "' || reasoned.timestamp_text
                    || '", which cannot be read as histories.yml says'
            when 'duplicate_row'
                then 'it repeats ' || {{ earlier_place }}
            when 'conflicting_record'
                then
                    'its id is that of ' || {{ earlier_place }}
                    || ', and another value differs'
            when 'no_text' then 'it has neither a text nor a score'
        end as detail
    from reasoned
    left join reasoned as earlier
        on reasoned.earlier_number = earlier.record_number
)

select * from final
