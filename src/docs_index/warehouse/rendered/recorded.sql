-- One row per directory with a metadata.json: the index row that it tells, and what its
-- ids and texts must be, made anew of its other fields.
-- `make sql` renders this into src/docs_index/warehouse/rendered, where Python runs it over the table
-- metadata_texts: the scripts that check need neither dbt nor a build.


with extracted as (
    select
        doc_dir as found_dir,
        metadata_text,
        json_extract_string(
            try_cast(metadata_text as json),
            [
                '$.combo_id',
                '$.content_hash',
                '$.created_at',
                '$.doc_dir',
                '$.doc_id',
                '$.link_method',
                '$.logical_key_id',
                '$.model_id',
                '$.parent_doc_id',
                '$.parent_task_id',
                '$.parsed_chars',
                '$.parser',
                '$.raw_bytes',
                '$.raw_chars',
                '$.repair',
                '$.response_file',
                '$.row_index',
                '$.row_key',
                '$.run_id',
                '$.source_csv',
                '$.stage',
                '$.status',
                '$.task_id',
                '$.template_id',
                '$.timestamp'
            ]
        ) as field_values
    from metadata_texts
),

named as (
    select
        field_values[1] as combo_id,
        field_values[2] as content_hash,
        field_values[3] as created_at,
        field_values[4] as doc_dir,
        field_values[5] as doc_id,
        field_values[6] as link_method,
        field_values[7] as logical_key_id,
        field_values[8] as model_id,
        field_values[9] as parent_doc_id,
        field_values[10] as parent_task_id,
        try_cast(field_values[11] as bigint) as parsed_chars,
        field_values[12] as parser,
        try_cast(field_values[13] as bigint) as raw_bytes,
        try_cast(field_values[14] as bigint) as raw_chars,
        field_values[15] as repair,
        field_values[16] as response_file,
        try_cast(field_values[17] as bigint) as row_index,
        field_values[18] as row_key,
        field_values[19] as run_id,
        field_values[20] as source_csv,
        field_values[21] as stage,
        field_values[22] as status,
        field_values[23] as task_id,
        field_values[24] as template_id,
        field_values[25] as timestamp_text,
        found_dir,
        metadata_text
    from extracted
),

with_logical_keys as (
    select *
    from (
        select
            *,
            lpad(
                lower(to_base(made_logical_key_id_quotient, 36, 1))
                || lower(to_base(made_logical_key_id_remainder, 36, 9)),
                16, '0'
            ) as made_logical_key_id
        from (
            select
                *,
                made_logical_key_id_high // 4 // 387420489 * 4294967296
                + made_logical_key_id_middle // 387420489 as made_logical_key_id_quotient,
                made_logical_key_id_middle % 387420489 * 262144 + made_logical_key_id_low % 262144
                    as made_logical_key_id_remainder
            from (
                select
                    *,
                    made_logical_key_id_high // 4 % 387420489 * 4294967296
                    + made_logical_key_id_high % 4 * 1073741824
                    + made_logical_key_id_low // 262144 as made_logical_key_id_middle
                from (
                    select
                        *,
                        cast('0x' || substr(made_logical_key_id_digest, 1, 12) as bigint)
                            as made_logical_key_id_high,
                        cast('0x' || substr(made_logical_key_id_digest, 13, 12) as bigint)
                            as made_logical_key_id_low
                    from (
                        select
                            *,
                            sha256(stage || '|' || coalesce(parent_doc_id, combo_id) || '|' || template_id || '|' || model_id || '|')
                                as made_logical_key_id_digest
                        from named
                    )
                )
            )
        )
    )
),

with_doc_ids as (
    select *
    from (
        select
            *,
            lpad(
                lower(to_base(made_doc_id_quotient, 36, 1))
                || lower(to_base(made_doc_id_remainder, 36, 9)),
                16, '0'
            ) as made_doc_id
        from (
            select
                *,
                made_doc_id_high // 4 // 387420489 * 4294967296
                + made_doc_id_middle // 387420489 as made_doc_id_quotient,
                made_doc_id_middle % 387420489 * 262144 + made_doc_id_low % 262144
                    as made_doc_id_remainder
            from (
                select
                    *,
                    made_doc_id_high // 4 % 387420489 * 4294967296
                    + made_doc_id_high % 4 * 1073741824
                    + made_doc_id_low // 262144 as made_doc_id_middle
                from (
                    select
                        *,
                        cast('0x' || substr(made_doc_id_digest, 1, 12) as bigint)
                            as made_doc_id_high,
                        cast('0x' || substr(made_doc_id_digest, 13, 12) as bigint)
                            as made_doc_id_low
                    from (
                        select
                            *,
                            sha256(logical_key_id || '|' || run_id || '|' || row_key || '|')
                                as made_doc_id_digest
                        from with_logical_keys
                    )
                )
            )
        )
    )
),

with_paths as (
    select
        *,
        case
            when source_csv = 'link' then array_to_string(
        list_reduce(
            list_transform(
                list_filter(
                    string_split(response_file, '/'), lambda part: part not in ('', '.')
                ),
                lambda part: [part]
            ),
            lambda parts, part: case
                when part = ['..'] and coalesce(parts[-1], '..') != '..' then parts[:-2]
                else parts || part
            end,
            cast([] as varchar [])
        ),
        '/'
    )
        end as normalized_file
    from with_doc_ids
),

final as (
    select
        found_dir,
        metadata_text,
        combo_id,
        content_hash,
        created_at,
        doc_dir,
        doc_id,
        link_method,
        logical_key_id,
        model_id,
        parent_doc_id,
        parent_task_id,
        parsed_chars,
        parser,
        raw_bytes,
        raw_chars,
        repair,
        response_file,
        row_index,
        row_key,
        run_id,
        source_csv,
        stage,
        status,
        task_id,
        template_id,
        timestamp_text,
        '{' || concat_ws(',', '"combo_id":' || coalesce(cast(to_json(combo_id) as varchar), 'null'),
'"link_method":' || '"' || link_method || '"',
'"parent_task_id":' || cast(to_json(parent_task_id) as varchar),
'"repair":' || repair,
'"response_file":' || coalesce(cast(to_json(response_file) as varchar), 'null'),
'"row_index":' || coalesce(cast(row_index as varchar), 'null'),
'"row_key":' || coalesce(cast(to_json(row_key) as varchar), 'null'),
'"source_csv":' || coalesce('"' || source_csv || '"', 'null'),
'"timestamp":' || coalesce('"' || timestamp_text || '"', 'null')) || '}' as meta_small,
        '{' || chr(10) || '  '
    || concat_ws(',' || chr(10) || '  ', '"combo_id": ' || coalesce(cast(to_json(combo_id) as varchar), 'null'),
'"content_hash": ' || coalesce('"' || content_hash || '"', 'null'),
'"created_at": ' || coalesce('"' || created_at || '"', 'null'),
'"doc_dir": ' || coalesce('"' || doc_dir || '"', 'null'),
'"doc_id": ' || coalesce('"' || doc_id || '"', 'null'),
'"link_method": ' || '"' || link_method || '"',
'"logical_key_id": ' || coalesce('"' || logical_key_id || '"', 'null'),
'"model_id": ' || coalesce(cast(to_json(model_id) as varchar), 'null'),
'"parent_doc_id": ' || coalesce('"' || parent_doc_id || '"', 'null'),
'"parent_task_id": ' || cast(to_json(parent_task_id) as varchar),
'"parsed_chars": ' || coalesce(cast(parsed_chars as varchar), 'null'),
'"parser": ' || coalesce('"' || parser || '"', 'null'),
'"raw_bytes": ' || coalesce(cast(raw_bytes as varchar), 'null'),
'"raw_chars": ' || coalesce(cast(raw_chars as varchar), 'null'),
'"repair": ' || repair,
'"response_file": ' || coalesce(cast(to_json(response_file) as varchar), 'null'),
'"row_index": ' || coalesce(cast(row_index as varchar), 'null'),
'"row_key": ' || coalesce(cast(to_json(row_key) as varchar), 'null'),
'"run_id": ' || coalesce(cast(to_json(run_id) as varchar), 'null'),
'"source_csv": ' || coalesce('"' || source_csv || '"', 'null'),
'"stage": ' || coalesce('"' || stage || '"', 'null'),
'"status": ' || coalesce('"' || status || '"', 'null'),
'"task_id": ' || coalesce(cast(to_json(task_id) as varchar), 'null'),
'"template_id": ' || coalesce(cast(to_json(template_id) as varchar), 'null'),
'"timestamp": ' || coalesce('"' || timestamp_text || '"', 'null'))
    || chr(10) || '}' || chr(10) as made_text,
        made_logical_key_id,
        made_doc_id,
        stage || '/' || logical_key_id || '/' || doc_id as made_dir,
        strftime(list_transform(
        list_filter(
            [
                regexp_extract(
                    timestamp_text,
                    '^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]((?:[01][0-9]|2[0-3]):[0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,9}))?)?)?(?:Z|([+-](?:[01][0-9]|2[0-3]):?[0-5][0-9]))?$',
                    ['day', 'time', 'second', 'fraction', 'offset']
                )
            ],
            lambda found: found.day != '' and found.day >= '0001'
        ),
        lambda found: list_filter(
        [
            try_cast(
                found.day
                || ' ' || coalesce(nullif(found.time, ''), '00:00')
                || ':' || lpad(found.second, 2, '0')
                || '.' || left(rpad(found.fraction, 6, '0'), 6)
                as timestamp
            ) - to_minutes(cast(case when found.offset = '' then 0 else
        cast(found.offset[1] || '1' as integer)
        * (60 * cast(found.offset[2:3] as integer) + cast(found.offset[-2:] as integer))
    end as bigint))
        ],
        lambda utc: utc between
        timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'
    )[1]
    )[1], '%Y-%m-%dT%H:%M:%S.%fZ') as made_created_at,
        source_csv || ':' || task_id || ':' || timestamp_text || ':' as made_row_prefix,
        case
        when normalized_file like 'links!_responses/%' escape '!'
            then
                'links_prompts/'
                || substr(normalized_file, length('links_responses/') + 1)
    end as prompt_file
    from with_paths
)

select * from final