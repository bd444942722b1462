-- One row per class of sizes of raw texts and stage, with its documents.
with classes (position, name, at_least, below) as (
    values
    (1, 'empty', 0, 1),
    (2, '< 256 B', 1, 256),
    (3, '< 1 KiB', 256, 1024),
    (4, '< 4 KiB', 1024, 4096),
    (5, '< 16 KiB', 4096, 16384),
    (6, '< 64 KiB', 16384, 65536),
    (7, '< 256 KiB', 65536, 262144),
    (8, 'larger', 262144, 9223372036854775807)
),

counted as (
    select
        classes.position,
        documents.stage,
        count(*) as documents
    from documents
    inner join classes
        on
            documents.raw_bytes >= classes.at_least
            and documents.raw_bytes < classes.below
    group by classes.position, documents.stage
)

select
    classes.name as label,
    shown_stages.stage as part,
    coalesce(counted.documents, 0) as documents
from classes
cross join shown_stages
left join counted
    on
        classes.position = counted.position
        and shown_stages.stage = counted.stage
order by classes.position, shown_stages.position
