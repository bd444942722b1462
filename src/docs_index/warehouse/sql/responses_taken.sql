-- One row per answer in the file $path, a JSON array.
insert into answers
select
    asked_id,
    cause,
    raw_bytes,
    raw_chars,
    content_hash,
    parsed_chars,
    parsed_from,
    parsed_bytes,
    parsed_text,
    signature
from read_json(
    $path,
    format = 'array',
    hive_partitioning = false,
    columns = {
        'asked_id': 'bigint',
        'cause': 'varchar',
        'raw_bytes': 'bigint',
        'raw_chars': 'bigint',
        'content_hash': 'varchar',
        'parsed_chars': 'bigint',
        'parsed_from': 'bigint',
        'parsed_bytes': 'bigint',
        'parsed_text': 'varchar',
        'signature': 'varchar'
    }
)
