-- One row per kind of conflict or notice that the index has now, and what it asks for.
with kinds (list, position, kind, meaning, remedy) as (
    values
    (
        'conflict',
        1,
        'lineage_changed',
        'With the tables of today, the document has another parent or another key.',
        'If the tables are wrong, correct them. If they are right,'
        || ' `RUN_ID=again docs-index run` ingests all rows again, under a new RUN_ID.'
    ),
    (
        'conflict',
        2,
        'directory_conflict',
        'The directory of the document is there already, with other content.',
        'Move that directory out of docs/.'
    ),
    (
        'conflict',
        3,
        'response_changed',
        'A response file has changed since the build.',
        '`docs-index run` reads it again.'
    ),
    (
        'notice',
        1,
        'row_changed',
        'The row names another response file now, or the file has other content.',
        'If that is an error, put it back.'
    ),
    (
        'notice',
        2,
        'row_now_bad',
        'The row would be rejected now.',
        'If that is an error, correct the row.'
    ),
    (
        'notice',
        3,
        'row_vanished',
        'The row is not in its table any more.',
        'If that is an error, put it back.'
    ),
    (
        'notice',
        4,
        'same_text_again',
        'A new document has the text of an older one of the same task.',
        'If its row is a copy, a repair can ignore it.'
    )
),

counted as (
    select
        'conflict' as list,
        kind,
        count(*) as documents
    from backfill_conflicts
    group by kind
    union all
    select
        'notice' as list,
        kind,
        count(*) as documents
    from backfill_notices
    group by kind
)

select
    counted.list,
    counted.kind,
    counted.documents,
    kinds.meaning,
    kinds.remedy
from counted
left join kinds on counted.list = kinds.list and counted.kind = kinds.kind
order by counted.list, kinds.position, counted.kind
