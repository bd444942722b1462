-- One row per class of sizes of raw texts, with its documents of each stage.
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
)

select
    classes.name,
    count(*) filter (where documents.stage = 'draft') as draft,
    count(*) filter (where documents.stage = 'essay') as essay,
    count(*) filter (where documents.stage = 'evaluation') as evaluation,
    count(documents.doc_id) as documents
from classes
left join documents
    on
        classes.at_least <= documents.raw_bytes
        and classes.below > documents.raw_bytes
group by classes.position, classes.name
order by classes.position
