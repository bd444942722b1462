{#-
    The parsed text of `text` by the parser named in `parser`; null is a parse error.

    It is one expression over two columns, so that it runs in a model, and in DuckDB
    outside of dbt (see the model parser_sql). An unknown parser gives null, because
    refuse_unknown_parsers has stopped the build before. The patterns mean the same in
    RE2 and in Python. Contract: docs/rules.md, section 10.
-#}
{% macro parsed_text() -%}
    {{ adapter.dispatch("parsed_text")() }}
{%- endmacro %}


{% macro default__parsed_text() -%}
    case parser
        when 'identity' then text
        when 'essay_idea_last' then {{ parsed_essay_idea_last("text") }}
        when 'essay_block' then {{ parsed_essay_block("text") }}
        when 'essay_block_lenient' then {{ parsed_essay_block_lenient("text") }}
        when 'in_last_line' then {{ parsed_in_last_line("text") }}
    end
{%- endmacro %}
