-- Loads lines of JSON that list the content of docs/.
insert into found
from read_json(
    $path,
    format = 'newline_delimited',
    columns = {
        path: 'varchar',
        is_document: 'boolean',
        problem: 'varchar',
        entries: 'struct(name varchar, is_file boolean, bytes bigint)[]',
        metadata: 'varchar',
        code: 'varchar',
        detail: 'varchar',
        shard: 'varchar',
        shard_place: 'bigint',
        shard_row: 'bigint',
        row_id: 'varchar'
    },
    maximum_object_size = $longest
);
