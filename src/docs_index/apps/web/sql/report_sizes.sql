-- One row per stage: the sizes of its raw texts.
with ranked as (
    select
        stage,
        raw_bytes,
        raw_chars,
        parsed_chars,
        row_number() over (partition by stage order by raw_bytes, doc_id) as place,
        count(*) over (partition by stage) as documents
    from documents
)

select
    stage,
    documents,
    sum(raw_bytes) as raw_bytes,
    sum(raw_chars) as raw_chars,
    coalesce(sum(parsed_chars), 0) as parsed_chars,
    min(raw_bytes) as smallest,
    -- Of an even number of documents, the smaller one in the middle.
    max(raw_bytes) filter (where place = (documents + 1) / 2) as median,
    max(raw_bytes) as largest
from ranked
group by stage, documents
order by stage
