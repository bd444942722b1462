-- A few lines for a person: of each kind of conflict, of each reason, of new documents.
with lines as (
    select
        1 as section,
        kind,
        kind || ': ' || row_key || ': ' || detail as line
    from conflicts
    union all
    select
        2 as section,
        reason as kind,
        reason || ': ' || source_csv || ' row ' || row_index || ': ' || detail as line
    from build.main.bad_generations
    union all
    select
        3 as section,
        stage as kind,
        stage || ': ' || task_id || ' -> docs/' || doc_dir as line
    from pending
    where not exists (select 1 from conflicts where conflicts.doc_id = pending.doc_id)
),

numbered as (
    select
        *,
        row_number() over (partition by section, kind order by line) as place
    from lines
)

select line
from numbered
where place <= 2
order by section, kind, line
