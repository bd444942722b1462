{% macro parsed_score(text) -%}
    case
        when {{ matches(
            trimmed(text), "'[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?'"
        ) }}
            and abs(try_cast({{ trimmed(text) }} as double)) <= 1e100
            then try_cast({{ trimmed(text) }} as double)
    end
{%- endmacro %}


{% macro parsed_score_error(score) -%}
    case
        when {{ score }} is not null then null
        when has_parsed then 'not_a_number'
        when
            failure in (
                {%- for word in answer_failures() -%}
                '{{ word }}'{{ ", " if not loop.last }}
                {%- endfor -%}
            )
            then failure
        when is_truncated or finish_reason in ('length', 'max_tokens')
            then 'truncated'
        when answer_file = 'raw_response.json' then 'unreadable'
        when answer_file is not null then 'unparsed'
        else 'no_answer'
    end
{%- endmacro %}
