-- One row per row whose invalid timestamp can mean only one instant: ISO 8601 with
-- other separators or none, or a number of seconds since 1970, or of parts of them.
-- Where the year is not first, day and month are not guessed.
{% set day = "([12][0-9]{3})[-/._]?([0-9]{2})[-/._]?([0-9]{2})" %}
{% set time = "([0-9]{2})[-:._]?([0-9]{2})(?:[-:._]?([0-9]{2})([.,][0-9]{1,9})?)?" %}
{% set zone = "( ?(?:Z|z|UTC|GMT|[-+][0-9]{2}:?[0-9]{2}))?" %}
{% set seconds = "[0-9]{10}(?:[.][0-9]{1,9})?|[0-9]{13}|[0-9]{16}" %}
{% set micros = "cast(timestamp_text as decimal(30, 9)) * 10 ** (16 - digits)" %}
{% set names = "['year', 'month', 'day', 'hour', 'minute', 'second', 'rest', 'zone']" %}
with resolved as (
    select
        write_order,
        timestamp_text
    from {{ ref("int_rows__resolved") }}
    where reason = 'invalid_timestamp' and timestamp_text is not null
),

taken_apart as (
    select
        write_order,
        timestamp_text,
        regexp_extract(
            timestamp_text, '^{{ day }}(?:[-T_ ]?{{ time }}{{ zone }})?$', {{ names }}
        ) as found
    from resolved
),

spelled as (
    select
        write_order,
        found.year || '-' || found.month || '-' || found.day
        || case
            when found.hour = '' then ''
            else
                'T' || found.hour || ':' || found.minute || ':'
                || coalesce(nullif(found.second, ''), '00')
                || found.rest || coalesce(nullif(trim(found.zone), ''), 'Z')
        end as value,
        0.9 as confidence,
        'the same digits, as ISO 8601 writes them' as evidence
    from taken_apart
    where found.year != ''
),

counted as (
    select
        write_order,
        timestamp_text,
        length(regexp_extract(timestamp_text, '^[0-9]+')) as digits
    from resolved
    where {{ matches("timestamp_text", "'" ~ seconds ~ "'") }}
),

since_1970 as (
    select
        write_order,
        {{ instant_text("make_timestamp(cast(" ~ micros ~ " as bigint))") }}
            as value,
        0.85 as confidence,
        case digits
            when 10 then 'seconds'
            when 13 then 'milliseconds'
            else 'microseconds'
        end || ' since 1970' as evidence
    from counted
),

candidates as (
    select * from spelled
    union all
    select * from since_1970
),

final as (
    select
        write_order,
        value,
        cast(confidence as double) as confidence,
        evidence
    from candidates
    where {{ instant("value") }} is not null
)

select * from final
