-- An expression over columns `parser` and `text`: the parsed text, null without one.
-- `make sql` renders this into src/docs_index/sql.
case parser
        when 'identity' then text
        when 'essay_idea_last' then regexp_extract_all(text, '(<essay-idea(?:[ \t][^>\n]*)?>)\r?\n([\s\S]*?)\r?\n</essay-idea>', 2)[
        list_max(
            list_transform(
                regexp_extract_all(text, '(<essay-idea(?:[ \t][^>\n]*)?>)\r?\n([\s\S]*?)\r?\n</essay-idea>', 1),
                lambda tag, place: {
                    'has_stage': regexp_matches(tag, '[ \t]stage="0*([0-9]+)"'),
                    'digits': length(regexp_extract(tag, '[ \t]stage="0*([0-9]+)"', 1)),
                    'stage': regexp_extract(tag, '[ \t]stage="0*([0-9]+)"', 1),
                    'place': place
                }
            )
        ).place
    ]
        when 'essay_block' then list_transform(
        [case when regexp_matches(text, '(?i)<essay>') then substr(text, strpos(text, regexp_extract(text, '(?i)<essay>')) + length(regexp_extract(text, '(?i)<essay>'))) end],
        lambda essay: trim(case
        when regexp_extract(essay, '(?i)</essay>') = '' then essay
        else substr(essay, 1, strpos(essay, regexp_extract(essay, '(?i)</essay>')) - 1)
    end, chr(32) || chr(9) || chr(13) || chr(10))
    )[1]
        when 'essay_block_lenient' then list_transform(
        [regexp_replace(text, '(?i)<thinking(?:[ \t\r\n][^>]*)?>[\s\S]*?</thinking>', '', 'g')],
        lambda rest: coalesce(list_transform(
        [case when regexp_matches(rest, '(?i)<essay>') then substr(rest, strpos(rest, regexp_extract(rest, '(?i)<essay>')) + length(regexp_extract(rest, '(?i)<essay>'))) end],
        lambda essay: trim(case
        when regexp_extract(essay, '(?i)</essay>') = '' then essay
        else substr(essay, 1, strpos(essay, regexp_extract(essay, '(?i)</essay>')) - 1)
    end, chr(32) || chr(9) || chr(13) || chr(10))
    )[1], trim(rest, chr(32) || chr(9) || chr(13) || chr(10)))
    )[1]
        when 'in_last_line' then list_transform(
        [list_transform(
        regexp_extract_all(
            regexp_extract(
                text, '[^\n]*[^ \t\r\n][^\n]*(?:\n[ \t\r\n]*[^ \t\r\n][^\n]*){0,2}[ \t\r\n]*$'
            ),
            '[^ \t\r\n][^\n]*'
        ),
        lambda line: regexp_replace(trim(line, chr(32) || chr(9) || chr(13) || chr(10)), '[*#]', '', 'g')
    )],
        lambda lines: case
            when list_extract(
        list_transform(
            list_filter(lines, lambda line: regexp_full_match(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*')),
            lambda line: cast(regexp_extract(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*', 1) as double)
        )
        || list_transform(
            list_filter(
                lines,
                lambda line: regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                or regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)')
            ),
            lambda line: case
                when regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                    then (
                        cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 1) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 2) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 3) as double)
                    ) / 3
                else try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)', 1) as double)
            end
        ),
        1
    ) between 0 and 9
                then case
        when cast(list_extract(
        list_transform(
            list_filter(lines, lambda line: regexp_full_match(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*')),
            lambda line: cast(regexp_extract(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*', 1) as double)
        )
        || list_transform(
            list_filter(
                lines,
                lambda line: regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                or regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)')
            ),
            lambda line: case
                when regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                    then (
                        cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 1) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 2) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 3) as double)
                    ) / 3
                else try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)', 1) as double)
            end
        ),
        1
    ) as varchar) like '%e-%'
            then
                repeat('-', cast(list_extract(
        list_transform(
            list_filter(lines, lambda line: regexp_full_match(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*')),
            lambda line: cast(regexp_extract(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*', 1) as double)
        )
        || list_transform(
            list_filter(
                lines,
                lambda line: regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                or regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)')
            ),
            lambda line: case
                when regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                    then (
                        cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 1) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 2) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 3) as double)
                    ) / 3
                else try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)', 1) as double)
            end
        ),
        1
    ) < 0 as integer))
                || '0.'
                || repeat(
                    '0',
                    cast(split_part(cast(list_extract(
        list_transform(
            list_filter(lines, lambda line: regexp_full_match(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*')),
            lambda line: cast(regexp_extract(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*', 1) as double)
        )
        || list_transform(
            list_filter(
                lines,
                lambda line: regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                or regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)')
            ),
            lambda line: case
                when regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                    then (
                        cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 1) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 2) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 3) as double)
                    ) / 3
                else try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)', 1) as double)
            end
        ),
        1
    ) as varchar), 'e-', 2) as integer)
                    - 1
                )
                || regexp_replace(
                    split_part(cast(list_extract(
        list_transform(
            list_filter(lines, lambda line: regexp_full_match(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*')),
            lambda line: cast(regexp_extract(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*', 1) as double)
        )
        || list_transform(
            list_filter(
                lines,
                lambda line: regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                or regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)')
            ),
            lambda line: case
                when regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                    then (
                        cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 1) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 2) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 3) as double)
                    ) / 3
                else try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)', 1) as double)
            end
        ),
        1
    ) as varchar), 'e-', 1), '[-.]', '', 'g'
                )
        else cast(list_extract(
        list_transform(
            list_filter(lines, lambda line: regexp_full_match(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*')),
            lambda line: cast(regexp_extract(line, '[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*', 1) as double)
        )
        || list_transform(
            list_filter(
                lines,
                lambda line: regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                or regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)')
            ),
            lambda line: case
                when regexp_matches(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])')
                    then (
                        cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 1) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 2) as double)
                        + cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 3) as double)
                    ) / 3
                else try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)', 1) as double)
            end
        ),
        1
    ) as varchar)
    end || chr(10)
        end
    )[1]
    end