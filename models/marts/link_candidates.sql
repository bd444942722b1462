-- One row per attempt of a contested stream, in the order of the join. A stream is not
-- contested if it has only one candidate, which has a document and is the parent of all
-- the others, or if it has no candidate: then the rejected row says so.
-- Whole streams are stored, because a key with many attempts would have too many pairs.
with streamed as (
    select
        *,
        {{ turn() }} as turn
    from {{ ref("int_attempts__streamed") }}
),

counted as (
    select
        link_method,
        first_key,
        second_key,
        count(*) filter (where role = 'candidate') as candidates,
        count(doc_id) filter (where role = 'candidate') as documents,
        count(*) filter (where role = 'question') as questions,
        count(chosen_row_key) as choices
    from streamed
    group by link_method, first_key, second_key
),

contested as (
    select
        link_method,
        first_key,
        second_key,
        {{ stream_number() }} as stream
    from counted
    where
        candidates > 0
        and questions > 0
        and not (candidates = 1 and documents = 1 and questions = choices)
),

positioned as (
    select
        contested.stream,
        streamed.link_method,
        streamed.role,
        streamed.source_csv,
        streamed.row_index,
        streamed.row_key,
        streamed.created_at,
        streamed.doc_id,
        streamed.chosen_row_key,
        cast(
            row_number() over (
                partition by contested.stream order by {{ stream_order() }}
            ) as bigint
        ) as stream_position
    from streamed
    inner join contested
        on
            streamed.link_method = contested.link_method
            and streamed.first_key = contested.first_key
            and streamed.second_key = contested.second_key
),

final as (
    select
        positioned.stream,
        positioned.stream_position as place,
        positioned.link_method,
        positioned.role,
        positioned.source_csv,
        positioned.row_index,
        positioned.created_at,
        positioned.doc_id,
        chosen.stream_position as chosen_place
    from positioned
    left join positioned as chosen
        on
            positioned.stream = chosen.stream
            and positioned.chosen_row_key = chosen.row_key
)

select * from final
