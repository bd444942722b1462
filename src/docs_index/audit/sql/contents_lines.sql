-- Loads lines of JSON with the sizes and hashes of texts and sources.
insert into contents
from read_json(
    $path,
    format = 'newline_delimited',
    columns = {
        doc_id: 'varchar',
        is_read: 'boolean',
        is_source_missing: 'boolean',
        raw_source_bytes: 'bigint',
        raw_source_hash: 'varchar',
        prompt_source_bytes: 'bigint',
        prompt_source_hash: 'varchar',
        raw_hash: 'varchar',
        raw_chars: 'bigint',
        parsed_hash: 'varchar',
        parsed_chars: 'bigint',
        prompt_hash: 'varchar',
        made_hash: 'varchar',
        is_parser_known: 'boolean'
    },
    maximum_object_size = $longest
);
