-- One row per link of a document: what it was made from, and what it judges.
with resolved as (
    select *
    from {{ ref("int_rows__resolved") }}
    where doc_id is not null and parent_doc_id is not null
),

linked as (
    select
        write_order,
        doc_id,
        stage,
        source_csv,
        link_method,
        record_number,
        unnest(coalesce(from_json(targets, '["VARCHAR"]'), [parent_doc_id]))
            as linked_doc_id,
        generate_subscripts(
            coalesce(from_json(targets, '["VARCHAR"]'), [parent_doc_id]), 1
        ) as position
    from resolved
),

final as (
    select
        write_order,
        doc_id,
        case
            when link_method in ('follows', 'target') then link_method
            when stage = 'evaluation' then 'target'
            else 'follows'
        end as role,
        position,
        linked_doc_id
    from linked
)

select * from final
