-- One row per list of the index that a run must replace, and one for list_checksums.
-- A damaged list must be replaced too: its checksum is computed from its present rows.
with wanted as (select * from {{ source("run", "list_checksums") }}),

found as (select * from {{ source("run", "stored_checksums") }}),

recorded as (select * from {{ source("stored", "list_checksums") }}),

changed as (
    select table_name
    from (
        select * from wanted
        except
        select * from found
    ) as differing
),

to_record as (
    select * from wanted
    except
    select * from recorded
),

outdated as (
    select * from recorded
    except
    select * from wanted
),

final as (
    select table_name from changed
    union all
    select 'list_checksums' as table_name
    where
        exists (select 1 from changed)
        or exists (select 1 from to_record)
        or exists (select 1 from outdated)
)

select * from final
