-- One row per record that a parser was run on; $parsed is a JSON array of them.
insert into parsed_records
select unnest(from_json(
    $parsed,
    '[{"record_number":"BIGINT","parsed_chars":"BIGINT","parsed_text":"VARCHAR"}]'
), recursive := true)
