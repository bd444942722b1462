-- Loads lines of JSON with what is known of shards.
insert into shards
from read_json(
    $path,
    format = 'newline_delimited',
    columns = {
        file: 'varchar',
        stage: 'varchar',
        first_id: 'varchar',
        last_id: 'varchar',
        documents: 'bigint',
        bytes: 'bigint',
        sha256: 'varchar',
        is_listed: 'boolean',
        is_there: 'boolean',
        found_bytes: 'bigint',
        found_sha256: 'varchar',
        problem: 'varchar'
    },
    maximum_object_size = $longest
);
