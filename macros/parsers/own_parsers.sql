{#-
    The rows of 1_raw/parsers.csv as they are meant. An expression is taken as it is:
    blanks at its ends may be part of it. Contract: docs/rules.md, section 10.
-#}
{% macro own_parsers(source_rows) -%}
    select
        row_index,
        {{ filled("parser") }} as parser,
        lower({{ filled("kind") }}) as kind,
        case
            when lower({{ trimmed("kind") }}) = 'json' then {{ filled("pattern") }}
            else {{ untrimmed("pattern") }}
        end as pattern,
        {{ filled("minimum") }} as minimum_text,
        {{ filled("maximum") }} as maximum_text
    from {{ source_rows }}
{%- endmacro %}


{#-
    Own parsers with their faults, and with the branch of `parser_expression` that each
    is. Relations: those of `own_parsers`, and the built-in names (`parser`).

    An empty alternative before a pattern makes it match the empty text, so that asking
    for a group that it lacks fails.
-#}
{% macro judged_parsers(own, built_in) -%}
    {{ adapter.dispatch("judged_parsers")(own, built_in) }}
{%- endmacro %}


{% macro default__judged_parsers(own, built_in) -%}
    with measured as (
        select
            *,
            {{ plain_number("minimum_text") }} as minimum,
            {{ plain_number("maximum_text") }} as maximum,
            count(*) over (partition by parser) as namesakes,
            {{ succeeds(has_match("''", "pattern")) }} as is_expression,
            {{ succeeds(groups_matched("'|' || pattern", 1)) }} as has_group,
            {{ succeeds(groups_matched("'|' || pattern", 2)) }} as has_second_group
        from {{ own }}
    )

    select
        row_index,
        parser,
        {{ parser_fault(built_in) }} as fault,
        {{ parser_branch() }} as branch
    from measured
{%- endmacro %}


{#- All that is wrong with an own parser, null if nothing is. -#}
{% macro parser_fault(built_in) -%}
    nullif(concat_ws(
        '; ',
        case
            when parser is null then 'it has no name'
            when parser in (select parser from {{ built_in }})
                then 'the name is that of a built-in parser: choose another'
            when not {{ is_path_component("parser") }}
                then
                    'a name has letters, digits, ''.'', ''_'' and ''-'', and no dot at '
                    || 'the beginning'
        end,
        case
            when namesakes > 1 and parser is not null
                then 'the name occurs ' || namesakes || ' times: keep one'
        end,
        case
            when kind is null then 'it has no kind: write regex or json'
            when kind not in ('regex', 'json')
                then
                    'kind "' || {{ printable("kind") }}
                    || '" is not known: write regex or json'
        end,
        case
            when pattern is null then 'it has no pattern'
            when kind = 'regex' and not is_expression
                then
                    'RE2 does not take the pattern "' || {{ printable("pattern") }}
                    || '" (it has no look-around and no backreferences)'
            when kind = 'regex' and {{ has_match("pattern", matches_bytes()) }}
                then 'the pattern has \C, which cuts characters into bytes'
            when kind = 'regex' and not (has_group and not has_second_group)
                then
                    'the pattern "' || {{ printable("pattern") }} || '" must have one '
                    || 'group, around the result: write (?:...) for other brackets'
            when
                kind = 'json'
                and not {{ matches("pattern", path_in_object()) }}
                then
                    'the path "' || {{ printable("pattern") }} || '" must be names with '
                    || 'dots between, like scores.novelty'
        end,
        case
            when minimum_text is not null and minimum is null
                then
                    'minimum "' || {{ printable("minimum_text") }} || '" is not a number'
        end,
        case
            when maximum_text is not null and maximum is null
                then
                    'maximum "' || {{ printable("maximum_text") }} || '" is not a number'
        end,
        case
            when minimum > maximum then 'the minimum is greater than the maximum'
        end
    ), '')
{%- endmacro %}


{#- `\C` with no backslash, or an even number of them, before it. -#}
{% macro matches_bytes() -%}
    '(?:^|[^\\])(?:\\\\)*\\C'
{%- endmacro %}


{% macro path_in_object() -%}
    '[^.\[\]"$*]+(?:\.[^.\[\]"$*]+)*'
{%- endmacro %}


{#-
    The branch of a parser in `parser_expression`. Pattern and bounds are constants in
    it, so that RE2 compiles a pattern once.
-#}
{% macro parser_branch() -%}
    {% set by_regex = last_match("text", "@pattern@") -%}
    {% set by_path = member_text("last_object", "@pattern@") -%}
    'when ' || {{ quoted("parser") }} || ' then '
    || replace(
        replace(
            replace(
                case
                    when minimum is null and maximum is null
                        then case kind
                            when 'regex' then {{ sql_text(by_regex) }}
                            else {{ sql_text(by_path) }}
                        end
                    else case kind
                        when 'regex' then {{ sql_text(number_within(by_regex)) }}
                        else {{ sql_text(number_within(by_path)) }}
                    end
                end,
                '@minimum@', coalesce(cast(minimum as varchar), '-infinity')
            ),
            '@maximum@', coalesce(cast(maximum as varchar), 'infinity')
        ),
        '@pattern@', {{ quoted(with_plain_blanks("pattern")) }}
    )
{%- endmacro %}


{#-
    The expression over columns `parser`, `text` and `last_object` (the last JSON object
    in `text`, for own parsers): an aggregate over judged parsers.
-#}
{% macro parser_expression() -%}
    coalesce(
        'case parser ' || {{ joined_texts("branch", "' '", "row_index") }} || ' else '
        || {{ sql_text(default__parsed_text()) }} || ' end',
        {{ sql_text(default__parsed_text()) }}
    )
{%- endmacro %}


{#- Why own parsers are refused, null if not: an aggregate over judged ones. -#}
{% macro parser_refusal() -%}
    '1_raw/parsers.csv: parsers that cannot be used' || chr(10)
    || {{ joined_texts("'  ' || " ~ parser_fault_line(), "chr(10)", "row_index") }}
    || chr(10) || 'mend these rows, or take them out, then run again'
{%- endmacro %}


{% macro parser_fault_line() -%}
    'row ' || row_index || coalesce(', "' || {{ printable("parser") }} || '"', '')
    || ': ' || fault
{%- endmacro %}
