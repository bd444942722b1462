-- One row per link of a document: what it was made from, and what it judges.
{% set linked_doc_ids =
    "coalesce(" ~ json_list("targets") ~ ", " ~ list_of_one("parent_doc_id") ~ ")"
%}
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
        {{ each_numbered(linked_doc_ids, "linked_doc_id") }}
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
