-- Compares shards with the manifest, and says what else the inspector has found.
insert into findings
with
-- The rows of each shard that is as it was written.
written as (
    select
        shards.file,
        shards.stage,
        shards.first_id,
        shards.last_id,
        shards.documents,
        found.path,
        found.row_id,
        lag(found.row_id) over (
            partition by shards.file order by found.shard_row
        ) as id_before
    from shards
    left join found on shards.file = found.shard
    where
        shards.is_listed
        and shards.found_sha256 = shards.sha256
        and shards.found_bytes = shards.bytes
),

counted as (
    select
        file,
        first_id,
        last_id,
        documents,
        count(path) as found_documents,
        min(row_id) as found_first,
        max(row_id) as found_last,
        count(*) filter (where id_before >= row_id) as unsorted,
        count(*) filter (where split_part(path, '/', 1) != stage) as foreign_documents,
        count(*) filter (where split_part(path, '/', 3) != row_id) as misnamed
    from written
    group by file, first_id, last_id, documents
)

select
    code,
    null as doc_id,
    'docs/' || path as path,
    detail
from found
where not is_document and code is not null
union all
select
    case
        when problem is not null then 'unreadable'
        when not is_listed then 'shard_unlisted'
        when not is_there then 'shard_missing'
        else 'shard_differs'
    end as code,
    null as doc_id,
    'docs/packs/' || file as path,
    case
        when problem is not null then problem
        when not is_listed then 'docs/packs/manifest.jsonl does not name it'
        when not is_there then 'it had ' || documents || ' documents'
        when found_sha256 is null then 'it is not a regular file'
        when found_bytes != bytes
            then 'it has ' || found_bytes || ' bytes; the manifest says ' || bytes
        else 'its SHA-256 is ' || found_sha256 || '; the manifest says ' || sha256
    end as detail
from shards
where
    problem is not null
    or not is_listed
    or not is_there
    or found_sha256 is distinct from sha256
    or found_bytes is distinct from bytes
union all
select
    'shard_wrong' as code,
    null as doc_id,
    'docs/packs/' || file as path,
    array_to_string(
        list_filter(
            [
                case
                    when found_documents != documents
                        then
                            'it has ' || found_documents || ' documents that can be '
                            || 'read; the manifest says ' || documents
                end,
                case
                    when unsorted > 0 then 'they are not in the order of their doc_id'
                end,
                case
                    when foreign_documents > 0
                        then foreign_documents || ' are of another stage'
                end,
                case
                    when misnamed > 0
                        then misnamed || ' have a doc_id that differs from the doc_dir'
                end,
                case
                    when found_first != first_id or found_last != last_id
                        then
                            'they are from ' || found_first || ' to ' || found_last
                            || ', not as its name says'
                end
            ],
            lambda fault: fault is not null
        ),
        '; '
    ) as detail
from counted
where detail != ''
union all
select
    'document_repeated' as code,
    split_part(path, '/', 3) as doc_id,
    'docs/' || path as path,
    'it is in ' || string_agg(distinct shard, ' and in ' order by shard) as detail
from found
where is_document and shard is not null
group by path
having count(distinct shard) > 1
