-- Fails when a repair has no effect: its row is not ignored, has another response file
-- or instant, or a document whose parent the repair did not name. People take a row of
-- generation_repairs.csv for done once the build is good.
-- Does not check that the parent is the one that was meant; the unit tests do.
{{ config(meta={"dagster": {"ref": {"name": "int_rows__resolved"}}}) }}
with repairs as (select * from {{ ref("int_repairs__judged") }}),

resolved as (select * from {{ ref("int_rows__resolved") }})

select
    repairs.words,
    resolved.reason,
    resolved.response_file,
    resolved.link_method
from repairs
left join resolved
    on
        repairs.source_csv = resolved.source_csv
        and repairs.row_index = resolved.row_index
where
    not coalesce(
        case repairs.action
            when 'ignore' then resolved.reason = 'ignored'
            when 'set_response_file' then resolved.response_file = repairs.value
            when 'set_timestamp'
                then resolved.occurred_at = {{ instant("repairs.value") }}
            else resolved.doc_id is null or resolved.link_method = 'repair'
        end
        and contains(resolved.repair, repairs.action),
        false
    )
