-- An expression over columns `parser` and `text`: the parsed text, null without one.
-- `make sql` renders this into src/docs_index/warehouse/rendered.
case parser
        when 'identity' then text
        when 'essay_idea_last' then regexp_replace(
        regexp_replace(
            list_max(
                list_transform(
                    regexp_extract_all(text, '<essay-idea(?:[ \t][^>\n]*)?>\r?\n[\s\S]*?\r?\n</essay-idea>'),
                    lambda idea, place: {
                        'has_stage': regexp_matches(idea, '^<essay-idea[^>\n]*?[ \t]stage="0*([0-9]+)"'),
                        'digits': length(regexp_extract(idea, '^<essay-idea[^>\n]*?[ \t]stage="0*([0-9]+)"', 1)),
                        'stage': regexp_extract(idea, '^<essay-idea[^>\n]*?[ \t]stage="0*([0-9]+)"', 1),
                        'place': place,
                        'idea': idea
                    }
                )
            ).idea,
            '^<essay-idea(?:[ \t][^>\n]*)?>\r?\n', ''
        ),
        '\r?\n</essay-idea>$', ''
    )
        when 'essay_block' then case
        when regexp_matches(text, '(?i)<essay>')
            then list_transform(
                [regexp_replace(text, '(?is)^.*?<essay>', '')],
                lambda essay: list_transform(
                    [regexp_extract(essay, '(?i)</essay>')],
                    lambda tag: regexp_replace(regexp_replace(case
        when tag = '' then essay
        else split_part(essay, tag, 1)
    end, '^[ \t\r\n]+', ''), '[ \t\r\n]+$', '')
                )[1]
            )[1]
    end
        when 'essay_block_lenient' then list_transform(
        [regexp_replace(text, '(?i)<thinking(?:[ \t\r\n][^>]*)?>[\s\S]*?</thinking>', '', 'g')],
        lambda rest: coalesce(
            case
        when regexp_matches(rest, '(?i)<essay>')
            then list_transform(
                [regexp_replace(rest, '(?is)^.*?<essay>', '')],
                lambda essay: list_transform(
                    [regexp_extract(essay, '(?i)</essay>')],
                    lambda tag: regexp_replace(regexp_replace(case
        when tag = '' then essay
        else split_part(essay, tag, 1)
    end, '^[ \t\r\n]+', ''), '[ \t\r\n]+$', '')
                )[1]
            )[1]
    end, regexp_replace(regexp_replace(rest, '^[ \t\r\n]+', ''), '[ \t\r\n]+$', '')
        )
    )[1]
        when 'in_last_line' then list_transform(
        list_transform(
            [regexp_replace(
        regexp_replace(
            regexp_extract(
                case
        when contains(text, chr(160)) then replace(text, chr(160), ' ')
        else text
    end, '[^\n]*[^ \t\r\n][^\n]*(?:\n[ \t\r\n]*[^ \t\r\n][^\n]*){0,2}[ \t\r\n]*$'
            ),
            '(?m)^[ \t\r]+|[ \t\r]+$', '', 'g'
        ),
        '[*#]', '', 'g'
    )],
            lambda lines: coalesce(
        try_cast(regexp_extract(lines, '(?m)^[ \t]*(?i:SCORE):[ \t]*([0-9](?:\.[0-9]+)?)[ \t]*$', 1) as double),
        list_transform(
            [regexp_extract(lines, '(?m)^.*(?:(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])|(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)).*$')],
            lambda line: coalesce(
                (
                    try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 1) as double)
                    + try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 2) as double)
                    + try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)([0-9]),?[ \t]?([0-9]),?[ \t]?([0-9])', 3) as double)
                ) / 3,
                try_cast(regexp_extract(line, '(?i:SCORE)(?::[ \t]*|[ \t]+)(-?[0-9]+(?:\.[0-9]+)?)(?:[ \t]|$)', 1) as double)
            )
        )[1]
    )
        ),
        lambda score: case
            when score between 0 and 9 then case
        when cast(score as varchar) like '%e-%'
            then
                repeat('-', cast(score < 0 as integer))
                || '0.'
                || repeat(
                    '0',
                    cast(split_part(cast(score as varchar), 'e-', 2) as integer)
                    - 1
                )
                || regexp_replace(
                    split_part(cast(score as varchar), 'e-', 1), '[-.]', '', 'g'
                )
        when cast(score as varchar) like '%e+%'
            then
                repeat('-', cast(score < 0 as integer))
                || rpad(
                    regexp_replace(
                        split_part(cast(score as varchar), 'e+', 1),
                        '[-.]', '', 'g'
                    ),
                    cast(split_part(cast(score as varchar), 'e+', 2) as integer)
                    + 1,
                    '0'
                )
                || '.0'
        else cast(score as varchar)
    end || chr(10)
        end
    )[1]
    end